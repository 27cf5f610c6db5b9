/*
 * test_zip.c - blocks packed and unpacked, damaged ones refused.
 */
#include "unit/io/io_test.h"

#include "base/rand.h"
#include "base/thread.h"
#include "io/zip.h"

static void fill_text(char *p, size_t n, struct rng *rng)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (char)('a' + rng_below(rng, 4));
}

static void what_is_packed_is_unpacked(void **state)
{
	(void)state;
	static char text[300000];
	static const size_t SIZES[] = { 0, 1, 100, 65536, sizeof text };
	struct rng rng;
	err e;
	rng_init(&rng, 1);
	fill_text(text, sizeof text, &rng);
	for (size_t i = 0; i < ARRAY_LEN(SIZES); i++) {
		for (int level = -1; level <= 19; level += 4) {
			struct buf packed, out;
			buf_init(&packed, MIB);
			buf_init(&out, MIB);
			buf_cstr(&packed, "in front ");
			buf_cstr(&out, "kept ");
			assert_ok(zip_pack(&packed, (str){ text, SIZES[i] }, level, &e), &e);
			str block = str_sub(buf_view(&packed), 9, packed.n);
			if (SIZES[i] > 1000)
				assert_true(block.n < SIZES[i] / 2);
			assert_ok(zip_unpack(&out, block, SIZES[i], &e), &e);
			assert_int_equal(out.n, 5 + SIZES[i]);
			assert_memory_equal(out.p + 5, text, SIZES[i]);
			buf_fini(&packed);
			buf_fini(&out);
		}
	}
}

static void a_block_that_claims_too_much_is_refused(void **state)
{
	(void)state;
	struct buf packed, out;
	err e;
	buf_init(&packed, MIB);
	buf_init(&out, MIB);
	char *zeros = calloc(1, MIB);
	assert_ok(zip_pack(&packed, (str){ zeros, MIB }, 3, &e), &e);
	assert_true(packed.n < 1000);
	assert_error(zip_unpack(&out, buf_view(&packed), MIB - 1, &e), &e, ERR_LIMIT,
		     "claims 1048576 bytes; at most 1048575");
	assert_true(out.cap == 0);
	/* The buffer's own limit counts as well. */
	buf_byte(&out, 'x');
	assert_error(zip_unpack(&out, buf_view(&packed), MIB, &e), &e, ERR_LIMIT, "");
	buf_fini(&out);
	buf_init(&out, 10);
	assert_error(zip_pack(&out, (str){ zeros, MIB }, 3, &e), &e, ERR_LIMIT, "");
	buf_fini(&out);
	buf_fini(&packed);
	free(zeros);
}

static void every_damage_is_found(void **state)
{
	(void)state;
	char text[2000];
	struct rng rng;
	struct buf packed, out;
	err e;
	rng_init(&rng, 3);
	fill_text(text, sizeof text, &rng);
	buf_init(&packed, MIB);
	assert_ok(zip_pack(&packed, (str){ text, sizeof text }, 3, &e), &e);
	buf_init(&out, MIB);
	for (size_t n = 0; n < packed.n; n++) {
		assert_false(zip_unpack(&out, (str){ packed.p, n }, sizeof text, &e));
		assert_int_equal(e.code, ERR_CORRUPT);
	}
	for (size_t i = 0; i < packed.n; i++) {
		for (int bit = 0; bit < 8; bit++) {
			packed.p[i] = (char)(packed.p[i] ^ 1 << bit);
			bool ok = zip_unpack(&out, buf_view(&packed), sizeof text, &e);
			/* Some bits of a frame say nothing; then nothing is lost. */
			if (ok)
				assert_memory_equal(out.p, text, sizeof text);
			else
				assert_true(e.code == ERR_CORRUPT || e.code == ERR_LIMIT);
			assert_int_equal(out.n, ok ? sizeof text : 0);
			buf_clear(&out);
			packed.p[i] = (char)(packed.p[i] ^ 1 << bit);
		}
	}
	buf_byte(&packed, 0);
	assert_error(zip_unpack(&out, buf_view(&packed), sizeof text, &e), &e, ERR_CORRUPT, "");
	packed.n--;
	size_t one = packed.n;
	/* A second block behind it, even one that adds nothing. */
	assert_ok(zip_pack(&packed, (str){ text, 0 }, 3, &e), &e);
	assert_error(zip_unpack(&out, buf_view(&packed), sizeof text, &e), &e, ERR_CORRUPT, "");
	packed.n = one;
	assert_ok(zip_unpack(&out, buf_view(&packed), sizeof text, &e), &e);
	assert_error(zip_unpack(&out, S("no block at all"), 100, &e), &e, ERR_CORRUPT, "damaged");
	buf_fini(&out);
	buf_fini(&packed);
}

static void *pack_many(void *arg)
{
	bool *ok = arg;
	char text[4000];
	struct rng rng;
	struct buf packed, out;
	err e;
	rng_init(&rng, (uint64_t)(uintptr_t)arg);
	buf_init(&packed, MIB);
	buf_init(&out, MIB);
	*ok = true;
	for (int i = 0; i < 300 && *ok; i++) {
		fill_text(text, sizeof text, &rng);
		buf_clear(&packed);
		buf_clear(&out);
		*ok = zip_pack(&packed, (str){ text, sizeof text }, 1 + i % 3, &e) &&
		      zip_unpack(&out, buf_view(&packed), sizeof text, &e) &&
		      out.n == sizeof text && memcmp(out.p, text, sizeof text) == 0;
	}
	buf_fini(&packed);
	buf_fini(&out);
	return NULL;
}

static void threads_do_not_disturb_each_other(void **state)
{
	(void)state;
	struct thread threads[12] = { 0 };
	bool oks[12];
	err e;
	for (int i = 0; i < 12; i++)
		assert_ok(thread_start(&threads[i], "packer", pack_many, &oks[i], &e), &e);
	for (int i = 0; i < 12; i++) {
		thread_join(&threads[i]);
		assert_true(oks[i]);
	}
}

static void a_failing_allocation_is_said(void **state)
{
	(void)state;
	struct buf b;
	err e;
	buf_init(&b, MIB);
	mem_fail_at(1);
	assert_false(zip_pack(&b, S("text"), 3, &e));
	mem_fail_at(0);
	assert_int_equal(e.code, ERR_NOMEM);
	buf_fini(&b);
}

/* The values of the reference implementation: what lies on disks must stay checkable. */
static void hashes_are_those_of_xxh3(void **state)
{
	(void)state;
	assert_true(zip_hash("", 0) == UINT64_C(0x2D06800538D394C2));
	struct hash128 h = zip_hash128("", 0, 0);
	assert_true(h.hi == UINT64_C(0x99AA06D3014798D8));
	assert_true(h.lo == UINT64_C(0x6001C324468D497F));
	assert_true(zip_hash("a", 1) != zip_hash("b", 1));
	struct hash128 seeded = zip_hash128("", 0, 1);
	assert_true(seeded.lo != h.lo);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_packed_is_unpacked),
		cmocka_unit_test(a_block_that_claims_too_much_is_refused),
		cmocka_unit_test(every_damage_is_found),
		cmocka_unit_test(threads_do_not_disturb_each_other),
		cmocka_unit_test(a_failing_allocation_is_said),
		cmocka_unit_test(hashes_are_those_of_xxh3),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
