# SPDX-License-Identifier: GPL-2.0-only
# What the native tests link to.

apf_test-src := kernel/apf.c
relay_test-src := user/helper/serve/relay.c
relay_test-pkg := libsystemd
