# SPDX-License-Identifier: GPL-3.0-or-later
# Completion of relayd for bash; written by deploy/manual.

_relayd() {
    local word=$2 before=$3 verb= i
    COMPREPLY=()
    for ((i = 1; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
        init | delegate | doctor | backup | export | import | invite | invites | uninvite | allow | disallow | allowed | members | rename | expire | group | note | forget | revoke | nodes | status) verb=${COMP_WORDS[i]}; break ;;
        esac
    done
    case $before in
    -c | --config | --bundle | --key) mapfile -t COMPREPLY < <(compgen -f -- "$word"); return ;;
    --uses | --expires | --until | --name | --group | --add | --remove | --note | --sort | --days | --public | --peer) return ;;
    esac
    case $verb in
    '') mapfile -t COMPREPLY < <(compgen -W 'init delegate doctor backup export import invite invites uninvite allow disallow allowed members rename expire group note forget revoke nodes status' -- "$word") ;;
    init) mapfile -t COMPREPLY < <(compgen -W '--expires --name --peer --public --uses' -- "$word"; compgen -f -- "$word") ;;
    delegate) mapfile -t COMPREPLY < <(compgen -W '--days --key --config' -- "$word") ;;
    doctor) mapfile -t COMPREPLY < <(compgen -W '--bundle --json --config' -- "$word") ;;
    backup) mapfile -t COMPREPLY < <(compgen -W '--config' -- "$word"; compgen -f -- "$word") ;;
    export) mapfile -t COMPREPLY < <(compgen -W '--config' -- "$word"; compgen -f -- "$word") ;;
    import) mapfile -t COMPREPLY < <(compgen -W '' -- "$word"; compgen -f -- "$word") ;;
    invite) mapfile -t COMPREPLY < <(compgen -W '--expires --group --json --name --note --until --uses --config' -- "$word") ;;
    invites) mapfile -t COMPREPLY < <(compgen -W '--json --config' -- "$word") ;;
    uninvite) mapfile -t COMPREPLY < <(compgen -W '--json --config' -- "$word") ;;
    allow) mapfile -t COMPREPLY < <(compgen -W '--group --json --name --note --until --config' -- "$word") ;;
    disallow) mapfile -t COMPREPLY < <(compgen -W '--json --config' -- "$word") ;;
    allowed) mapfile -t COMPREPLY < <(compgen -W '--json --config' -- "$word") ;;
    members) mapfile -t COMPREPLY < <(compgen -W '--json --sort --config' -- "$word") ;;
    rename) mapfile -t COMPREPLY < <(compgen -W '--json --config' -- "$word") ;;
    expire) mapfile -t COMPREPLY < <(compgen -W '--json --config' -- "$word") ;;
    group) mapfile -t COMPREPLY < <(compgen -W '--add --json --remove --config' -- "$word") ;;
    note) mapfile -t COMPREPLY < <(compgen -W '--json --config' -- "$word") ;;
    forget) mapfile -t COMPREPLY < <(compgen -W '--json --config' -- "$word") ;;
    revoke) mapfile -t COMPREPLY < <(compgen -W '--json --undo --config' -- "$word") ;;
    nodes) mapfile -t COMPREPLY < <(compgen -W '--json --config' -- "$word") ;;
    status) mapfile -t COMPREPLY < <(compgen -W '--json --config' -- "$word") ;;
    esac
}

complete -F _relayd relayd
