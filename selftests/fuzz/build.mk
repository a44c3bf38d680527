# SPDX-License-Identifier: GPL-2.0-only
# What each fuzzer is linked with.

fuzz-amm := user/amm/message.c
fuzz-apf := kernel/apf.c
fuzz-pthi := $(wildcard user/pthi/*.c)
