/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Messages of the AMM HMI API, written down from the tables of
 * Documentation/amm.rst and not by the encoder that is tested.
 */
#ifndef UNIT_AMM_VECTORS_H
#define UNIT_AMM_VECTORS_H

#define ASK_ENDPOINTS "a55a5aa5 01 00 0800 f7ff 0000 01000000 00000000"
#define ASK_ATRS "a55a5aa5 01 00 0800 f7ff 0000 05000000 00000000"
#define ASK_ENDPOINTS_FILTERED \
	"a55a5aa5 01 00 0800 f7ff 0000 01000000 04030201"

/* GET_ENDPOINT_DETAILS and DELETE_ATR without, and with two bytes. */
#define ASK_DETAILS "a55a5aa5 01 00 0400 fbff 0000 02000000"
#define DELETE_ATR "a55a5aa5 01 00 0600 f9ff 0000 07000000 ab cd"

/* Two of each; the unused slots follow as zeros, up to these sizes. */
#define ENDPOINTS_SIZE 536
#define ENDPOINTS \
	"a55a5aa5 01 00 0c02 f3fd 0000 41000000 00000000 02000000" \
	"8877665544332211 00ffeeddccbbaa99" \
	"0807060504030201 0000000000000000"
#define ATRS_SIZE 1304
#define ATRS \
	"a55a5aa5 01 00 0c05 f3fa 0000 45000000 00000000 02000000" \
	"01000000 a100000000000000 0000000000000000" \
	"03000000 efcdab8967452301 1032547698badcfe"

/* Where what is in a reply. */
#define AT_MAJOR 4
#define AT_MINOR 5
#define AT_LENGTH 6
#define AT_COMPLEMENT 8
#define AT_RESERVED 10
#define AT_CODE 12
#define AT_CONFIRMATION 16
#define AT_COUNT 20
#define AT_SLOTS 24

#endif /* UNIT_AMM_VECTORS_H */
