// SPDX-License-Identifier: GPL-2.0-only
/* The ring between a channel's file and AMT, with the kernel's own iterators. */
#include <kunit/test.h>
#include <linux/module.h>

#include "byte-ring.h"

#define SIZE 16

static int ring_init(struct kunit *test)
{
	struct lme_ring *r = kunit_kzalloc(test, sizeof(*r), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, r);
	KUNIT_ASSERT_EQ(test, lme_ring_init(r, SIZE), 0);
	test->priv = r;
	return 0;
}

static void ring_exit(struct kunit *test)
{
	if (test->priv)
		lme_ring_free(test->priv);
}

static void ring_start_at(struct lme_ring *r, u32 pos)
{
	r->head = pos;
	r->tail = pos;
	memset(r->buf, 0xEE, SIZE);
}

static void fill(u8 *data)
{
	unsigned int i;

	for (i = 0; i < SIZE; i++)
		data[i] = 'a' + i;
}

static void sizes_are_powers_of_two(struct kunit *test)
{
	static const u32 wanted[] = { 1, 5, 16, 4097 };
	static const u32 given[] = { 1, 8, 16, 8192 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(wanted); i++) {
		struct lme_ring r;

		KUNIT_ASSERT_EQ(test, lme_ring_init(&r, wanted[i]), 0);
		KUNIT_EXPECT_EQ(test, r.size, given[i]);
		KUNIT_EXPECT_EQ(test, lme_ring_room(&r), given[i]);
		KUNIT_EXPECT_EQ(test, lme_ring_used(&r), 0);
		lme_ring_free(&r);
	}
}

/* The counters go on at 2^32, the bytes at the size of the ring. */
static void a_full_ring_gives_what_was_put_from_any_position(struct kunit *test)
{
	struct lme_ring *r = test->priv;
	u8 data[SIZE], out[SIZE];
	u32 i;

	fill(data);
	for (i = 0; i < 2 * SIZE; i++) {
		ring_start_at(r, i - SIZE);
		lme_ring_put(r, data, SIZE);
		KUNIT_EXPECT_EQ(test, lme_ring_used(r), 0);
		r->head += SIZE;
		KUNIT_EXPECT_EQ(test, lme_ring_used(r), SIZE);
		KUNIT_EXPECT_EQ(test, lme_ring_room(r), 0);
		memset(out, 0, SIZE);
		lme_ring_peek(r, out, SIZE);
		KUNIT_EXPECT_MEMEQ(test, out, data, SIZE);
	}
}

static void iterators_carry_the_same_from_any_position(struct kunit *test)
{
	struct lme_ring *r = test->priv;
	u8 data[SIZE], out[SIZE];
	struct kvec from = { data, SIZE };
	struct kvec to = { out, SIZE };
	struct iov_iter iter;
	u32 i;

	fill(data);
	for (i = 0; i < SIZE; i++) {
		ring_start_at(r, i);
		iov_iter_kvec(&iter, ITER_SOURCE, &from, 1, SIZE);
		KUNIT_EXPECT_EQ(test, lme_ring_put_iter(r, &iter, SIZE), SIZE);
		KUNIT_EXPECT_EQ(test, iov_iter_count(&iter), 0);
		r->head += SIZE;
		memset(out, 0, SIZE);
		iov_iter_kvec(&iter, ITER_DEST, &to, 1, SIZE);
		KUNIT_EXPECT_EQ(test, lme_ring_peek_iter(r, &iter, SIZE), SIZE);
		KUNIT_EXPECT_EQ(test, iov_iter_count(&iter), 0);
		KUNIT_EXPECT_MEMEQ(test, out, data, SIZE);
	}
}

/* As a fault in user memory does, before the wrap, at it, or behind it. */
static void an_iterator_that_ends_early_says_how_far_it_came(struct kunit *test)
{
	struct lme_ring *r = test->priv;
	u8 data[SIZE], out[SIZE];
	struct kvec from = { data, SIZE };
	struct kvec to = { out, SIZE };
	struct iov_iter iter;
	u32 n;

	fill(data);
	for (n = 0; n < SIZE; n++) {
		ring_start_at(r, SIZE / 2);
		iov_iter_kvec(&iter, ITER_SOURCE, &from, 1, n);
		KUNIT_EXPECT_EQ(test, lme_ring_put_iter(r, &iter, SIZE), n);
		KUNIT_EXPECT_EQ(test, *lme_ring_at(r, r->head + n), 0xEE);
		lme_ring_put(r, data, SIZE);
		r->head += SIZE;
		memset(out, 0xDD, SIZE);
		iov_iter_kvec(&iter, ITER_DEST, &to, 1, n);
		KUNIT_EXPECT_EQ(test, lme_ring_peek_iter(r, &iter, SIZE), n);
		KUNIT_EXPECT_MEMEQ(test, out, data, n);
		KUNIT_EXPECT_EQ(test, out[n], 0xDD);
	}
}

static struct kunit_case cases[] = {
	KUNIT_CASE(sizes_are_powers_of_two),
	KUNIT_CASE(a_full_ring_gives_what_was_put_from_any_position),
	KUNIT_CASE(iterators_carry_the_same_from_any_position),
	KUNIT_CASE(an_iterator_that_ends_early_says_how_far_it_came),
	{}
};

static struct kunit_suite suite = {
	.name = "byte-ring",
	.init = ring_init,
	.exit = ring_exit,
	.test_cases = cases,
};

kunit_test_suite(suite);

MODULE_DESCRIPTION("Tests of the internals of amt_lme");
MODULE_LICENSE("GPL");
