/*
 * test_bulk_fault.c - a bulk load while the n-th write, sync or rename fails, for every n.
 *
 * What it is:   afterwards the load goes on, or begins anew where nothing was kept; then everything
 *               is there once, and the replay proves it. While it is not done nothing of it shows.
 */
#include "fault/bulk_world.h"
#include "fault/faulty_fs.h"

#define ROWS 60

static bool load_on(struct place *p, const char *dir, bool resume)
{
	struct journal_options jo = { .fs = &faulty_fs };
	struct load_options o = { .bulk = LOAD_BULK_ALWAYS,
				  .bulk_bytes_max = 600,
				  .kind_given = true,
				  .kind = LOAD_EVENTS,
				  .resume = resume };
	struct load_result r;
	struct journal *j = NULL;
	p->e = (err){ 0 };
	bool ok = journal_open(dir, &jo, &j, &p->e) &&
		  load_file(dir, j, p->file, &o, &p->a, &r, &p->e);
	journal_close(&j);
	return ok;
}

enum found { FOUND_NONE, FOUND_OPEN, FOUND_CLOSED };

/* The newest import that was not taken back. */
static enum found look(struct place *p, const char *dir)
{
	struct snapshot *s = NULL;
	struct import_info *imports;
	size_t n;
	OK(p, snapshot_open(dir, 0, &s, &p->e));
	OK(p, snapshot_imports(s, &p->a, &imports, &n, &p->e));
	snapshot_close(&s);
	if (n == 0 || imports[n - 1].undone)
		return FOUND_NONE;
	return imports[n - 1].closed ? FOUND_CLOSED : FOUND_OPEN;
}

static void every_write_may_fail(void **state)
{
	(void)state;
	struct place p;
	place_init(&p);

	fs_faults_reset();
	file_write_random(&p, 5, ROWS, true);
	const char *whole = dir_make(&p, "whole");
	str nothing = told(&p, whole, 0);
	assert_true(load_on(&p, whole, false));
	str all = told(&p, whole, 0), counted = counts(&p, whole);
	bool failed = true;
	for (uint64_t n = 1; failed; n++) {
		char name[32];
		snprintf(name, sizeof name, "data-%u", (unsigned)n);
		const char *dir = dir_make(&p, name);
		fs_faults.fail_at = n;
		atomic_store(&fs_faults.operations, 0);
		atomic_store(&fs_faults.failed, 0);
		bool ok = load_on(&p, dir, false);
		failed = atomic_load(&fs_faults.failed) > 0;
		fs_faults.fail_at = 0;
		enum found found = look(&p, dir);
		if (ok)
			assert_int_equal(found, FOUND_CLOSED);
		if (found != FOUND_CLOSED) {
			same_text("before it is done", n, told(&p, dir, 0), nothing);
			OK(&p, load_on(&p, dir, found == FOUND_OPEN));
		}
		same_text("everything", n, told(&p, dir, 0), all);
		same_text("counts", n, counts(&p, dir), counted);
		proven(&p, dir);
	}
	place_fini(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_write_may_fail),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
