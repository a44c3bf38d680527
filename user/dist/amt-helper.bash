# SPDX-License-Identifier: GPL-2.0-only
# Completion of amt-helper for bash.
_amt_helper() {
	local words='serve status info account unprovision config cira set doctor
		events wait connect yield amm inventory version help'

	case $COMP_CWORD,${COMP_WORDS[1]} in
	1,*)	;;
	2,help)	;;
	*,serve)	words='--bind --port-offset --device --help --usage' ;;
	*,doctor)	words='--json --hardware-report --help --usage' ;;
	*,status)	words='--json --help --usage' ;;
	*,info)	words="$(amt-helper help info 2>/dev/null |
			sed -n '/^Topics:/,$ { s/^Topics://; p }')
			--json --device --timeout --help --usage" ;;
	*,account)	words='--output --show --json --device --timeout --help --usage' ;;
	*,config)	words='start start-ipv6 stop start-hbased --cert --hash --algorithm
			--vpn --suffix --layout --no-stop --yes --json --device --timeout
			--help --usage' ;;
	*,cira)	words='open close --yes --json --device --timeout --help --usage' ;;
	*,unprovision)	words='--yes --json --device --timeout --help --usage' ;;
	*,set)	words='zero-touch ehbc dns-suffix host-fqdn otp rng-seed enterprise-access
			amt disable-and-clear --yes --json --device --timeout --help --usage' ;;
	*,events)	words='--follow --json --help --usage' ;;
	*,wait)	words='--port --timeout --help --usage' ;;
	*,yield)	words='--for --module --help --usage' ;;
	2,amm)	words='endpoints atrs list raw' ;;
	*,amm)	words='--json --timeout --allow-version --filter --sort
			--expect-confirmation --fixed-read --help --usage'
		[[ " ${COMP_WORDS[*]} " != *' raw '* ]] || words='--json --timeout
			--allow-version --code --any-code --payload-hex
			--payload-file --allow-undocumented --yes-change-state
			--dry-run LIST_ENDPOINTS GET_ENDPOINT_DETAILS
			PROVISION_ENDPOINT CREATE_OPERATIONAL_ATR LIST_ATRS
			DELETE_ENDPOINT DELETE_ATR --help --usage' ;;
	*,inventory)	words='--amm --device --json --timeout --allow-version --help --usage' ;;
	*,connect)	words='16992 16993 --ipv4 --ipv6 --originator --help --usage' ;;
	*)	words='' ;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "${COMP_WORDS[COMP_CWORD]}")
}
complete -F _amt_helper amt-helper
