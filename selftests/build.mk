# SPDX-License-Identifier: GPL-2.0-only
# What single tests in the VM need beside libnl.

helper_test-pkg := json-c
serve_test-pkg := json-c
