/*
 * test_idmap_damage.c - files and manifests that are not what was written.
 */
#include "idmap_test.h"

struct damage {
	struct keeper *k;
	char path[128];
	unsigned char bytes[1 << 20];
	size_t n;
};

static bool first_run(void *arg, const char *name)
{
	struct damage *d = arg;
	snprintf(d->path, sizeof d->path, "%s/%s", d->k->dir, name);
	return false;
}

/* A map of one run with 4,000 keys, closed; the bytes of its file. */
static struct damage *damage_new(const char *dir)
{
	static struct damage d;
	err e;
	d.k = keeper_new(fs_real(), dir, KEYS_HASHED, 10000);
	for (uint64_t i = 0; i < 4000; i++)
		keeper_put(d.k, i);
	assert_ok(keeper_begin(d.k, &e), e);
	assert_ok(keeper_poll(d.k, true, &e), e);
	idmap_close(&d.k->map);
	assert_ok(fs_list(fs_real(), dir, first_run, &d, &e), e);
	struct buf b;
	buf_init(&b, sizeof d.bytes);
	assert_ok(fs_read_all(fs_real(), d.path, sizeof d.bytes, &b, &e), e);
	memcpy(d.bytes, b.p, b.n);
	d.n = b.n;
	buf_fini(&b);
	return &d;
}

static void write_bytes(struct damage *d, size_t n)
{
	FILE *f = fopen(d->path, "wb");
	assert_non_null(f);
	assert_int_equal(fwrite(d->bytes, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
}

static void expect_open_error(struct damage *d, enum err_code code, const char *says)
{
	err e;
	err_clear(&e);
	struct idmap *m = NULL;
	assert_false(keeper_open(d->k, false, &m, &e));
	assert_null(m);
	if (e.code != code || !strstr(e.text, says))
		fail_msg("%s: %s", err_code_name(e.code), e.text);
}

static void a_file_that_was_cut_or_grew_is_named(void **state)
{
	struct damage *d = damage_new(*state);
	static const size_t LENGTHS[] = { 0, 1, 100, 4095, 4096, 4097, 50000 };
	for (size_t i = 0; i < ARRAY_LEN(LENGTHS); i++) {
		write_bytes(d, LENGTHS[i]);
		expect_open_error(d, ERR_CORRUPT, d->path);
	}
	write_bytes(d, d->n - 1);
	expect_open_error(d, ERR_CORRUPT, d->path);
	write_bytes(d, d->n + 1);
	expect_open_error(d, ERR_CORRUPT, d->path);
	keeper_free(d->k);
}

static void a_missing_file_is_damage_to_a_writer_only(void **state)
{
	struct damage *d = damage_new(*state);
	assert_int_equal(unlink(d->path), 0);
	expect_open_error(d, ERR_CORRUPT, d->path);
	err e;
	struct idmap *m;
	assert_false(keeper_open(d->k, true, &m, &e));
	assert_int_equal(e.code, ERR_NOT_FOUND);
	keeper_free(d->k);
}

static void a_newer_format_is_refused(void **state)
{
	struct damage *d = damage_new(*state);
	d->bytes[8] = 2;
	write_bytes(d, d->n);
	expect_open_error(d, ERR_CONFLICT, "newer version");
	keeper_free(d->k);
}

static void another_run_under_the_same_name_is_refused(void **state)
{
	struct damage *d = damage_new(*state);
	char manifest[512];
	size_t n = d->k->manifest_n;
	memcpy(manifest, d->k->manifest, n);
	/* The same map made again from other values. */
	struct keeper *k = keeper_new(fs_real(), *state, KEYS_CLOSE, 10000);
	err e;
	keeper_put(k, 1);
	assert_ok(keeper_begin(k, &e), e);
	assert_ok(keeper_poll(k, true, &e), e);
	keeper_free(k);
	memcpy(d->k->manifest, manifest, n);
	expect_open_error(d, ERR_CORRUPT, "is not the file");
	keeper_free(d->k);
}

static void a_damaged_manifest_is_refused(void **state)
{
	struct damage *d = damage_new(*state);
	for (size_t i = 0; i < d->k->manifest_n; i++) {
		d->k->manifest[i] ^= 0x40;
		expect_open_error(d, ERR_CORRUPT, "ids-*.run");
		d->k->manifest[i] ^= 0x40;
	}
	size_t n = d->k->manifest_n;
	for (d->k->manifest_n = 1; d->k->manifest_n < n; d->k->manifest_n++)
		expect_open_error(d, ERR_CORRUPT, "ids-*.run");
	d->k->manifest_n = n;
	err e;
	assert_ok(keeper_open(d->k, false, &d->k->map, &e), e);
	keeper_check_all(d->k);
	keeper_free(d->k);
}

/* Whatever byte is changed: opening or reading says so, and no wrong value is read. */
static void a_flipped_byte_is_never_read_as_data(void **state)
{
	struct damage *d = damage_new(*state);
	struct rng r;
	rng_init(&r, 12);
	size_t at_open = 0, at_get = 0;
	for (int round = 0; round < 250; round++) {
		size_t at = rng_below(&r, d->n);
		if (round % 4 == 0)
			at = rng_below(&r, 120); /* the header in use */
		unsigned char was = d->bytes[at];
		d->bytes[at] ^= (unsigned char)(1 + rng_below(&r, 255));
		write_bytes(d, d->n);
		d->bytes[at] = was;
		err e;
		err_clear(&e);
		struct idmap *m;
		if (!keeper_open(d->k, true, &m, &e)) {
			at_open++;
			assert_true(e.code == ERR_CORRUPT || e.code == ERR_CONFLICT);
			assert_non_null(strstr(e.text, d->path));
			continue;
		}
		size_t failed = 0;
		for (uint64_t i = 0; i < 4000; i++) {
			uint64_t v = 0;
			bool found = false;
			if (!idmap_get(m, key_of(KEYS_HASHED, i), &v, &found, &e)) {
				assert_int_equal(e.code, ERR_CORRUPT);
				assert_non_null(strstr(e.text, d->path));
				failed++;
			} else {
				assert_true(found && v == d->k->now[i]);
			}
		}
		at_get += failed > 0;
		if (failed > 0)
			assert_false(idmap_check(m, &e));
		idmap_close(&m);
	}
	assert_true(at_open > 60 && at_get > 60);
	keeper_free(d->k);
}

/* A damaged block keeps its run from being merged; everything else goes on. */
static void a_damaged_run_is_kept_and_named(void **state)
{
	struct damage *d = damage_new(*state);
	struct keeper *k = d->k;
	d->bytes[4096 + 100] ^= 1;
	write_bytes(d, d->n);
	err e;
	k->table_keys_max = 100;
	assert_ok(keeper_open(k, false, &k->map, &e), e);
	for (uint64_t i = 4000; i < KEYS_MAX; i++) {
		keeper_put(k, i);
		if (idmap_wants_flush(k->map)) {
			assert_ok(keeper_begin(k, &e), e);
			assert_ok(keeper_poll(k, true, &e), e);
		}
	}
	assert_false(idmap_check(k->map, &e));
	assert_int_equal(e.code, ERR_CORRUPT);
	assert_non_null(strstr(e.text, d->path));
	assert_true(fs_exists(fs_real(), d->path));
	for (uint64_t i = 4000; i < KEYS_MAX; i++)
		assert_int_equal(keeper_get(k, i), k->now[i]);
	keeper_free(k);
}

#define T(f) cmocka_unit_test_setup_teardown(f, dir_make, dir_remove)

int main(void)
{
	log_set_level(LOG_ERROR);
	const struct CMUnitTest tests[] = {
		T(a_file_that_was_cut_or_grew_is_named),
		T(a_missing_file_is_damage_to_a_writer_only),
		T(a_newer_format_is_refused),
		T(another_run_under_the_same_name_is_refused),
		T(a_damaged_manifest_is_refused),
		T(a_flipped_byte_is_never_read_as_data),
		T(a_damaged_run_is_kept_and_named),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
