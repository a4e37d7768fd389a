# SPDX-License-Identifier: GPL-3.0-or-later
# For scripts: a long command that writes into a log shows that it lives. Sourced, not run.

# with_progress TEXT LOG COMMAND...: run the command with its output appended to LOG, and return its
# status. Meanwhile standard error tells how long it has taken and the log's last line: a terminal
# in one line that is written over, anything else every 20 s.
with_progress() {
    local text=$1 log=$2 status=0 ticker before
    shift 2
    before=$(log_size "$log")
    progress_ticks "$text" "$log" "$before" 9>&- & # 9 is the lock of scripts that have one
    ticker=$!
    "$@" >>"$log" 2>&1 </dev/null || status=$?
    kill "$ticker" 2>/dev/null || true
    wait "$ticker" 2>/dev/null || true
    if progress_terminal; then
        printf '\r\e[K' >&2
    fi
    return "$status"
}

progress_terminal() { [ -t 2 ] && [ "${TERM:-dumb}" != dumb ]; }

log_size() { stat -c %s "$1" 2>/dev/null || echo 0; }

# It ends with the script that started it, however that ends. Before the command has written
# anything a terminal is left alone: sudo may be waiting for a password in the line that would be
# written over.
progress_ticks() {
    local text=$1 log=$2 before=$3 start=$SECONDS every=20 nap='' last room
    trap - EXIT
    trap '[ -z "$nap" ] || kill "$nap"; exit 0' TERM
    if progress_terminal; then
        every=1
    fi
    while kill -0 $$ 2>/dev/null; do
        sleep "$every" >/dev/null 2>&1 &
        nap=$!
        wait "$nap"
        if progress_terminal && [ "$(log_size "$log")" = "$before" ]; then
            continue
        fi
        before=-1
        last=$(tail -c 400 "$log" 2>/dev/null | tr '\r' '\n' | tr -cd '[:print:]\n' |
            sed 's,[a-z]*://[^ ]*,,' | grep . | tail -n 1) || last=
        if progress_terminal; then
            room=$((${COLUMNS:-$(tput cols 2>/dev/null || echo 80)} - ${#text} - 12))
            ((room > 0)) || room=0
            printf '\r\e[K  %s %3d s  %s' "$text" $((SECONDS - start)) "${last:0:room}" >&2
        else
            printf '  %s %3d s  %s\n' "$text" $((SECONDS - start)) "${last:0:60}" >&2
        fi
    done
}
