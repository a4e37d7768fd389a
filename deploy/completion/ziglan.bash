# SPDX-License-Identifier: GPL-3.0-or-later
# Completion of ziglan for bash; written by deploy/manual.

_ziglan() {
    local word=$2 before=$3 verb= i
    COMPREPLY=()
    for ((i = 1; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
        init | join | leave | trust | up | down | status | peers | peer | block | unblock | relays | relay | ping | netcheck | whoami | doctor | backup | export | import | help | version) verb=${COMP_WORDS[i]}; break ;;
        esac
    done
    case $before in
    -c | --config | -b | --bundle | -I | --import) mapfile -t COMPREPLY < <(compgen -f -- "$word"); return ;;
    -i | --interface | -N | --name | -n | --count) return ;;
    esac
    case $verb in
    '') mapfile -t COMPREPLY < <(compgen -W 'init join leave trust up down status peers peer block unblock relays relay ping netcheck whoami doctor backup export import help version' -- "$word") ;;
    init) mapfile -t COMPREPLY < <(compgen -W '--interface --config --name --import' -- "$word") ;;
    join) mapfile -t COMPREPLY < <(compgen -W '--interface --config --name --json' -- "$word") ;;
    leave) mapfile -t COMPREPLY < <(compgen -W '--interface --config' -- "$word") ;;
    trust) mapfile -t COMPREPLY < <(compgen -W "--interface --config --json $(_ziglan_peers)" -- "$word") ;;
    up) mapfile -t COMPREPLY < <(compgen -W '--interface --config --name --detach' -- "$word") ;;
    down) mapfile -t COMPREPLY < <(compgen -W '--interface --config' -- "$word") ;;
    status) mapfile -t COMPREPLY < <(compgen -W '--interface --config --json' -- "$word") ;;
    peers) mapfile -t COMPREPLY < <(compgen -W '--interface --config --json' -- "$word") ;;
    peer) mapfile -t COMPREPLY < <(compgen -W '--interface --config --name --json add remove' -- "$word") ;;
    block) mapfile -t COMPREPLY < <(compgen -W "--interface --config --json $(_ziglan_peers)" -- "$word") ;;
    unblock) mapfile -t COMPREPLY < <(compgen -W "--interface --config --json $(_ziglan_peers)" -- "$word") ;;
    relays) mapfile -t COMPREPLY < <(compgen -W '--interface --config --json' -- "$word") ;;
    relay) mapfile -t COMPREPLY < <(compgen -W '--interface --config --json pin unpin' -- "$word") ;;
    ping) mapfile -t COMPREPLY < <(compgen -W "--interface --config --count --json $(_ziglan_peers)" -- "$word") ;;
    netcheck) mapfile -t COMPREPLY < <(compgen -W '--interface --config --lifetime --hairpin --json' -- "$word") ;;
    whoami) mapfile -t COMPREPLY < <(compgen -W '--interface --config --name --solana --json' -- "$word") ;;
    doctor) mapfile -t COMPREPLY < <(compgen -W '--interface --config --bundle --json' -- "$word") ;;
    backup) mapfile -t COMPREPLY < <(compgen -W '--interface --config' -- "$word"; compgen -f -- "$word") ;;
    export) mapfile -t COMPREPLY < <(compgen -W '--interface --config' -- "$word"; compgen -f -- "$word") ;;
    import) mapfile -t COMPREPLY < <(compgen -W '--interface --config' -- "$word"; compgen -f -- "$word") ;;
    help) mapfile -t COMPREPLY < <(compgen -W '' -- "$word") ;;
    version) mapfile -t COMPREPLY < <(compgen -W '' -- "$word") ;;
    esac
}

_ziglan_peers() {
    ziglan peers --json 2>/dev/null | sed -n 's/^ *"name": *"\([^"]*\)".*/\1/p'
}

complete -F _ziglan ziglan
