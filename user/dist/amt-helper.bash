# SPDX-License-Identifier: GPL-2.0-only
# Completion of amt-helper for bash.
_amt_helper() {
	local words='serve status info doctor events wait connect yield version help'

	case $COMP_CWORD,${COMP_WORDS[1]} in
	1,*)	;;
	2,help)	;;
	*,serve)	words='--bind --port-offset --device --help --usage' ;;
	*,doctor)	words='--json --hardware-report --help --usage' ;;
	*,status)	words='--json --help --usage' ;;
	*,info)	words="$(amt-helper help info 2>/dev/null |
			sed -n '/^Topics:/,$ { s/^Topics://; p }')
			--json --device --timeout --help --usage" ;;
	*,events)	words='--follow --json --help --usage' ;;
	*,wait)	words='--port --timeout --help --usage' ;;
	*,yield)	words='--for --help --usage' ;;
	*,connect)	words='16992 16993 --ipv4 --ipv6 --originator --help --usage' ;;
	*)	words='' ;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "${COMP_WORDS[COMP_CWORD]}")
}
complete -F _amt_helper amt-helper
