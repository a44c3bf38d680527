/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A byte ring with one producer and one consumer. kfifo does the same for
 * linear buffers; this one also fills from and drains to an iov_iter.
 */
#ifndef LME_BYTE_RING_H
#define LME_BYTE_RING_H

#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/types.h>
#include <linux/uio.h>

/**
 * struct lme_ring - bytes between a producer and a consumer
 * @buf: storage, owned by the ring
 * @size: bytes in @buf, a power of two
 * @head: bytes ever put in; moved by the producer
 * @tail: bytes ever taken out; moved by the consumer
 *
 * @head and @tail are moved under the owner's lock. The bytes themselves are
 * copied outside of it: the producer writes only where the consumer does not
 * look, and the other way round.
 */
struct lme_ring {
	u8 *buf;
	u32 size;
	u32 head;
	u32 tail;
};

/**
 * lme_ring_init - allocate the storage, on the caller's account
 * @r: the ring
 * @bytes: least size, 1 to 2^31
 *
 * Return: 0 or -ENOMEM.
 */
static inline int lme_ring_init(struct lme_ring *r, u32 bytes)
{
	r->size = roundup_pow_of_two(bytes);
	r->head = 0;
	r->tail = 0;
	r->buf = kmalloc(r->size, GFP_KERNEL_ACCOUNT);
	return r->buf ? 0 : -ENOMEM;
}

/**
 * lme_ring_free - free the storage
 * @r: the ring; zeroed memory is fine too
 */
static inline void lme_ring_free(struct lme_ring *r)
{
	kfree(r->buf);
}

/**
 * lme_ring_used - bytes that can be taken out
 * @r: the ring
 *
 * Return: bytes.
 */
static inline u32 lme_ring_used(const struct lme_ring *r)
{
	return r->head - r->tail;
}

/**
 * lme_ring_room - bytes that can be put in
 * @r: the ring
 *
 * Return: bytes.
 */
static inline u32 lme_ring_room(const struct lme_ring *r)
{
	return r->size - lme_ring_used(r);
}

static inline u32 lme_ring_upto_wrap(const struct lme_ring *r, u32 pos, u32 n)
{
	return min(n, r->size - (pos & (r->size - 1)));
}

static inline u8 *lme_ring_at(const struct lme_ring *r, u32 pos)
{
	return r->buf + (pos & (r->size - 1));
}

/**
 * lme_ring_put - copy bytes behind the head, without moving it
 * @r: the ring
 * @src: the bytes
 * @n: how many, at most lme_ring_room()
 */
static inline void lme_ring_put(struct lme_ring *r, const u8 *src, u32 n)
{
	u32 first = lme_ring_upto_wrap(r, r->head, n);

	memcpy(lme_ring_at(r, r->head), src, first);
	memcpy(r->buf, src + first, n - first);
}

/**
 * lme_ring_peek - copy bytes from the tail, without moving it
 * @r: the ring
 * @dst: where to
 * @n: how many, at most lme_ring_used()
 */
static inline void lme_ring_peek(const struct lme_ring *r, u8 *dst, u32 n)
{
	u32 first = lme_ring_upto_wrap(r, r->tail, n);

	memcpy(dst, lme_ring_at(r, r->tail), first);
	memcpy(dst + first, r->buf, n - first);
}

/**
 * lme_ring_put_iter - copy bytes from an iterator behind the head
 * @r: the ring; its head is not moved
 * @from: the iterator, which is advanced
 * @n: how many, at most lme_ring_room()
 *
 * Return: bytes copied; less than @n after a fault.
 */
static inline u32 lme_ring_put_iter(struct lme_ring *r, struct iov_iter *from,
				    u32 n)
{
	u32 first = lme_ring_upto_wrap(r, r->head, n);
	u32 done = copy_from_iter(lme_ring_at(r, r->head), first, from);

	if (done == first)
		done += copy_from_iter(r->buf, n - first, from);
	return done;
}

/**
 * lme_ring_peek_iter - copy bytes from the tail to an iterator
 * @r: the ring; its tail is not moved
 * @to: the iterator, which is advanced
 * @n: how many, at most lme_ring_used()
 *
 * Return: bytes copied; less than @n after a fault.
 */
static inline u32 lme_ring_peek_iter(const struct lme_ring *r,
				     struct iov_iter *to, u32 n)
{
	u32 first = lme_ring_upto_wrap(r, r->tail, n);
	u32 done = copy_to_iter(lme_ring_at(r, r->tail), first, to);

	if (done == first)
		done += copy_to_iter(r->buf, n - first, to);
	return done;
}

#endif /* LME_BYTE_RING_H */
