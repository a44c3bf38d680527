# SPDX-License-Identifier: GPL-2.0-only
# What single tests in the VM need beside testlib*.c and libnl.

doctor_test-src := selftests/schema.c
doctor_test-pkg := json-c
helper_test-pkg := json-c
serve_test-pkg := json-c
transfer_test-pkg := gnutls
