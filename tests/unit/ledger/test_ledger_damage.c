/*
 * test_ledger_damage.c - files that are not ledgers, are of another version, or are damaged.
 */
#include "ledger_test.h"

#include "base/rand.h"

#include <sqlite3.h>

static size_t file_read_all(const char *path, unsigned char *p, size_t max)
{
	FILE *f = fopen(path, "rb");
	assert_non_null(f);
	size_t n = fread(p, 1, max, f);
	fclose(f);
	return n;
}

static void file_write_all(const char *path, const void *p, size_t n)
{
	FILE *f = fopen(path, "wb");
	assert_non_null(f);
	assert_int_equal(fwrite(p, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
}

static void sql(const char *path, const char *text)
{
	sqlite3 *db;
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void make_ledger(const char *path)
{
	err e;
	struct ledger *l = open_ledger(path, LEDGER_WRITE);
	assert_ok(commit_record(l, 1, 2, S("body of the first record"), &e), e);
	assert_ok(commit_record(l, 3, 4, S("body of the second record"), &e), e);
	assert_ok(commit_row(l, LEDGER_CELLS, 5, S("value of cell five"), &e), e);
	assert_ok(commit_timer(l, 9, 1, 2, S("payload of the timer"), false, &e), e);
	ledger_close(&l);
}

static void another_program_s_file_is_left_alone(void **state)
{
	struct place *p = *state;
	static unsigned char before[65536], after[65536];
	static const struct {
		const char *text; /* of a file; NULL: an SQLite database */
		const char *says;
	} CASES[] = {
		{ "This is a letter, not a database. It is long enough to hold a file header, "
		  "which SQLite reads first and which is a hundred bytes.",
		  "not a ledger" },
		{ NULL, "not a ledger" },
	};
	for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
		if (CASES[i].text)
			file_write_all(p->path, CASES[i].text, strlen(CASES[i].text));
		else {
			unlink(p->path);
			sql(p->path, "CREATE TABLE bookmarks (url TEXT); PRAGMA user_version = 1;");
		}
		size_t n = file_read_all(p->path, before, sizeof before);
		err e;
		struct ledger *l = NULL;
		assert_err(ledger_open(p->path, LEDGER_WRITE, NULL, &l, &e), e, ERR_CORRUPT);
		assert_non_null(strstr(e.text, CASES[i].says));
		assert_non_null(strstr(e.text, p->path));
		assert_err(ledger_open(p->path, LEDGER_READ, NULL, &l, &e), e, ERR_CORRUPT);
		assert_null(l);
		assert_int_equal(file_read_all(p->path, after, sizeof after), n);
		assert_memory_equal(before, after, n);
	}
}

static void an_empty_file_becomes_a_ledger_when_written(void **state)
{
	struct place *p = *state;
	err e;
	struct ledger *l;
	file_write_all(p->path, "", 0);
	assert_err(ledger_open(p->path, LEDGER_READ, NULL, &l, &e), e, ERR_NOT_FOUND);
	l = open_ledger(p->path, LEDGER_WRITE);
	assert_ok(commit_record(l, 1, 1, S("x"), &e), e);
	ledger_close(&l);
}

static void a_newer_format_is_refused_in_plain_words(void **state)
{
	struct place *p = *state;
	err e;
	struct ledger *l;
	make_ledger(p->path);
	sql(p->path, "PRAGMA user_version = 4711;");
	static const enum ledger_mode MODES[] = { LEDGER_WRITE, LEDGER_READ };
	for (size_t i = 0; i < ARRAY_LEN(MODES); i++) {
		assert_err(ledger_open(p->path, MODES[i], NULL, &l, &e), e, ERR_CONFLICT);
		assert_non_null(strstr(e.text, "newer version"));
		assert_non_null(strstr(e.text, "4711"));
	}
}

static void a_directory_or_a_missing_one_is_an_error(void **state)
{
	struct place *p = *state;
	err e;
	struct ledger *l;
	char path[128];
	assert_err(ledger_open(p->dir, LEDGER_WRITE, NULL, &l, &e), e, ERR_IO);
	snprintf(path, sizeof path, "%s/missing/ledger.db", p->dir);
	assert_err(ledger_open(path, LEDGER_WRITE, NULL, &l, &e), e, ERR_NOT_FOUND);
	assert_err(ledger_open(path, LEDGER_READ, NULL, &l, &e), e, ERR_NOT_FOUND);
}

static bool ignore_record(void *arg, const struct ledger_record *r)
{
	*(uint64_t *)arg = r->first_seq;
	return true;
}

static bool ignore_row(void *arg, uint64_t key, str value)
{
	(void)arg;
	(void)key;
	(void)value;
	return true;
}

static bool read_timers(struct ledger *l, err *e)
{
	struct arena a;
	arena_init(&a, MIB);
	struct ledger_timer_change *t;
	size_t n;
	bool ok = ledger_timers_due(l, INT64_MAX, 10, &a, &t, &n, e);
	arena_fini(&a);
	return ok;
}

/* Changes one byte behind the last appearance of `text` in the file. */
static void damage_text(const char *path, const char *text)
{
	static unsigned char bytes[1 << 20];
	size_t n = file_read_all(path, bytes, sizeof bytes);
	size_t len = strlen(text);
	for (size_t i = n - len; i > 0; i--) {
		if (memcmp(bytes + i, text, len) != 0)
			continue;
		bytes[i] ^= 0x20;
		file_write_all(path, bytes, n);
		return;
	}
	fail_msg("%s is not in the file", text);
}

static void a_damaged_record_is_named_and_not_handed_out(void **state)
{
	struct place *p = *state;
	err e;
	make_ledger(p->path);
	damage_text(p->path, "body of the second");
	struct ledger *l = open_ledger(p->path, LEDGER_READ);
	uint64_t last = 0;
	assert_err(ledger_scan_records(l, 0, UINT64_MAX, ignore_record, &last, &e), e, ERR_CORRUPT);
	assert_int_equal(last, 1);
	assert_non_null(strstr(e.text, "touch 3 "));
	assert_non_null(strstr(e.text, p->path));
	assert_err(ledger_check(l, &e), e, ERR_CORRUPT);
	assert_non_null(strstr(e.text, "touch 3 "));
	ledger_close(&l);
}

static void numbers_beside_the_bytes_are_covered_too(void **state)
{
	struct place *p = *state;
	static const char *const CHANGES[] = {
		"UPDATE journal SET touches = 3 WHERE first_seq = 3",
		"UPDATE journal SET touches = -1 WHERE first_seq = 3",
		"UPDATE journal SET touches = 4294967300 WHERE first_seq = 3",
		"UPDATE journal SET first_seq = 9 WHERE first_seq = 3",
		"UPDATE journal SET first_seq = -9 WHERE first_seq = 3",
		"UPDATE journal SET body = 'a text' WHERE first_seq = 3",
		"UPDATE cells SET key = 6",
		"UPDATE cells SET key = -6",
		"UPDATE cells SET checksum = 'x'",
		"INSERT INTO counts SELECT * FROM cells",
		"UPDATE timer SET due = 8",
		"UPDATE timer SET subject = 8",
	};
	for (size_t i = 0; i < ARRAY_LEN(CHANGES); i++) {
		err e;
		unlink(p->path);
		make_ledger(p->path);
		sql(p->path, CHANGES[i]);
		struct ledger *l = open_ledger(p->path, LEDGER_WRITE);
		if (ledger_check(l, &e) || e.code != ERR_CORRUPT)
			fail_msg("not found: %s", CHANGES[i]);
		ledger_close(&l);
	}
}

static void a_damaged_row_or_timer_is_not_handed_out(void **state)
{
	struct place *p = *state;
	err e;
	make_ledger(p->path);
	damage_text(p->path, "value of cell");
	damage_text(p->path, "payload of");
	struct ledger *l = open_ledger(p->path, LEDGER_READ);
	struct arena a;
	arena_init(&a, MIB);
	uint64_t key = 5;
	str v;
	assert_err(ledger_load(l, LEDGER_CELLS, &key, 1, &a, &v, &e), e, ERR_CORRUPT);
	assert_non_null(strstr(e.text, "row 5 of table cells"));
	assert_err(ledger_scan(l, LEDGER_CELLS, 0, ignore_row, NULL, &e), e, ERR_CORRUPT);
	assert_err(read_timers(l, &e), e, ERR_CORRUPT);
	arena_fini(&a);
	ledger_close(&l);
}

static void overlapping_records_are_found(void **state)
{
	struct place *p = *state;
	err e;
	make_ledger(p->path);
	struct ledger *l = open_ledger(p->path, LEDGER_WRITE);
	assert_ok(commit_record(l, 6, 1, S("inside the second"), &e), e);
	assert_err(ledger_check(l, &e), e, ERR_CORRUPT);
	assert_non_null(strstr(e.text, "overlaps"));
	ledger_close(&l);
}

#define FLIP_ROWS 40

static void flip_value(uint64_t key, char out[64])
{
	snprintf(out, 64, "value %llu %llu", (unsigned long long)key,
		 (unsigned long long)(key * 2654435761U));
}

static bool flip_row(void *arg, uint64_t key, str value)
{
	(void)arg;
	char want[64];
	flip_value(key, want);
	assert_true(str_eq(value, str_of(want)));
	return true;
}

static bool flip_record(void *arg, const struct ledger_record *r)
{
	(void)arg;
	char want[64];
	flip_value(r->first_seq, want);
	assert_true(str_eq(r->body, str_of(want)));
	return true;
}

/* Whatever byte of the file is changed: an error, or the right bytes; never wrong ones. */
static void a_flipped_byte_anywhere_never_reads_as_data(void **state)
{
	struct place *p = *state;
	static unsigned char bytes[1 << 20];
	err e;
	struct ledger *l = open_ledger(p->path, LEDGER_WRITE);
	for (uint64_t k = 1; k <= FLIP_ROWS; k++) {
		char v[64];
		flip_value(k, v);
		assert_ok(commit_record(l, k, 1, str_of(v), &e), e);
		assert_ok(commit_row(l, LEDGER_IDS, k, str_of(v), &e), e);
	}
	ledger_close(&l);
	size_t n = file_read_all(p->path, bytes, sizeof bytes);
	struct rng r;
	rng_init(&r, 42);
	size_t errors = 0;
	for (size_t i = 0; i < 1500; i++) {
		size_t at = (size_t)rng_below(&r, n);
		unsigned char was = bytes[at];
		bytes[at] ^= (unsigned char)(1 + rng_below(&r, 255));
		file_write_all(p->path, bytes, n);
		bytes[at] = was;
		if (!ledger_open(p->path, LEDGER_READ, NULL, &l, &e)) {
			errors++;
			continue;
		}
		errors += !ledger_scan(l, LEDGER_IDS, 0, flip_row, NULL, &e);
		errors += !ledger_scan_records(l, 0, UINT64_MAX, flip_record, NULL, &e);
		(void)!ledger_check(l, &e);
		ledger_close(&l);
	}
	assert_true(errors > 50);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(another_program_s_file_is_left_alone),
		T(an_empty_file_becomes_a_ledger_when_written),
		T(a_newer_format_is_refused_in_plain_words),
		T(a_directory_or_a_missing_one_is_an_error),
		T(a_damaged_record_is_named_and_not_handed_out),
		T(numbers_beside_the_bytes_are_covered_too),
		T(a_damaged_row_or_timer_is_not_handed_out),
		T(overlapping_records_are_found),
		T(a_flipped_byte_anywhere_never_reads_as_data),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
