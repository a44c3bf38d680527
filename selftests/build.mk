# SPDX-License-Identifier: GPL-2.0-only
# What single tests in the VM need beside testlib*.c and libnl.

judge-json := away_test change_test control_test doctor_test helper_test \
	info_test matrix_test reload_test serve_test transport_test
$(foreach t,$(judge-json),\
	$(eval $(t)-src := selftests/schema.c) \
	$(eval $(t)-pkg := json-c))
activation_test-pkg := gnutls
transfer_test-pkg := gnutls
