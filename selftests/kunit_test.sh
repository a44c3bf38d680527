#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The KUnit suites of kernel/tests/, on a kernel that has KUnit.

echo "TAP version 13"
if ! modprobe -q kunit enable=1; then
	echo "1..0 # SKIP this kernel has no KUnit"
	exit 4
fi
dmesg -c > /dev/null
modprobe amt_lme_kunit || exit 1
# Each suite is a test of the log, and its cases a plan of their own below it.
dmesg | sed -n 's/^\[[^]]*\]     //p'
rmmod amt_lme_kunit
! dmesg | grep -q 'not ok '
