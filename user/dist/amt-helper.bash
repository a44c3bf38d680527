# SPDX-License-Identifier: GPL-2.0-only
# Completion of amt-helper for bash.
_amt_helper() {
	local words='serve status version help'

	case $COMP_CWORD,${COMP_WORDS[1]} in
	1,*)	;;
	2,help)	;;
	*,serve | *,status)
		words='--help --usage'
		[[ ${COMP_WORDS[1]} == status ]] && words+=' --json' ;;
	*)	words='' ;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "${COMP_WORDS[COMP_CWORD]}")
}
complete -F _amt_helper amt-helper
