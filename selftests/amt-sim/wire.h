/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Integers on the wire: HECI, HBM, PTHI and MKHI are little-endian, APF is
 * big-endian; nothing is aligned.
 */
#ifndef AMT_SIM_WIRE_H
#define AMT_SIM_WIRE_H

#include <endian.h>
#include <linux/types.h>
#include <string.h>

static inline __u16 get_le16(const __u8 *p)
{
	__u16 v;

	memcpy(&v, p, sizeof(v));
	return le16toh(v);
}

static inline __u32 get_le32(const __u8 *p)
{
	__u32 v;

	memcpy(&v, p, sizeof(v));
	return le32toh(v);
}

static inline __u32 get_be32(const __u8 *p)
{
	__u32 v;

	memcpy(&v, p, sizeof(v));
	return be32toh(v);
}

static inline void put_le16(__u8 *p, __u16 v)
{
	v = htole16(v);
	memcpy(p, &v, sizeof(v));
}

static inline void put_le32(__u8 *p, __u32 v)
{
	v = htole32(v);
	memcpy(p, &v, sizeof(v));
}

static inline void put_be32(__u8 *p, __u32 v)
{
	v = htobe32(v);
	memcpy(p, &v, sizeof(v));
}

#endif /* AMT_SIM_WIRE_H */
