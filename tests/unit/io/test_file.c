/*
 * test_file.c - what the real file system and its twin promise alike: each test runs on both.
 */
#include "unit/io/io_test.h"

#include "base/thread.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

struct place {
	struct fs *fs;
	char dir[64];
	char path[128]; /* of the last name asked for */
};

static const char *in(struct place *p, const char *name)
{
	int n = snprintf(p->path, sizeof p->path, "%s/%s", p->dir, name);
	assert_true(n > 0 && (size_t)n < sizeof p->path);
	return p->path;
}

static bool remove_name(void *arg, const char *name)
{
	struct place *p = arg;
	bool gone UNUSED = fs_remove(p->fs, in(p, name), NULL);
	return true;
}

static int real_setup(void **state)
{
	struct place *p = calloc(1, sizeof *p);
	p->fs = fs_real();
	strcpy(p->dir, "/tmp/trichter-test-XXXXXX");
	if (!mkdtemp(p->dir))
		return -1;
	*state = p;
	return 0;
}

static int real_teardown(void **state)
{
	struct place *p = *state;
	err e;
	bool listed UNUSED = fs_list(p->fs, p->dir, remove_name, p, &e);
	rmdir(p->dir);
	free(p);
	return 0;
}

static int sim_setup(void **state)
{
	struct place *p = calloc(1, sizeof *p);
	err e;
	p->fs = fs_sim_new(1);
	strcpy(p->dir, "/data");
	*state = p;
	return fs_make_dir(p->fs, p->dir, &e) ? 0 : -1;
}

static int sim_teardown(void **state)
{
	struct place *p = *state;
	fs_sim_free(&p->fs);
	free(p);
	return 0;
}

static void what_is_written_is_read_back(void **state)
{
	struct place *p = *state;
	struct file *f;
	err e;
	char got[16];
	size_t n;
	uint64_t size;
	assert_ok(file_open(p->fs, in(p, "a"), FILE_CREATE, &f, &e), &e);
	assert_ok(file_write(f, "hello", 5, 0, &e), &e);
	assert_ok(file_write(f, "J", 1, 0, &e), &e);
	assert_ok(file_write(f, "!", 1, 8, &e), &e);
	assert_ok(file_write(f, "", 0, 100, &e), &e);
	assert_ok(file_sync(f, &e), &e);
	assert_ok(file_size(f, &size, &e), &e);
	assert_int_equal(size, 9);
	assert_ok(file_read(f, got, sizeof got, 0, &n, &e), &e);
	assert_int_equal(n, 9);
	assert_memory_equal(got, "Jello\0\0\0!", 9);
	assert_ok(file_read(f, got, 2, 3, &n, &e), &e);
	assert_int_equal(n, 2);
	assert_memory_equal(got, "lo", 2);
	assert_ok(file_read(f, got, 2, 9, &n, &e), &e);
	assert_int_equal(n, 0);
	assert_ok(file_close(&f, &e), &e);
	assert_null(f);
	assert_true(file_close(&f, &e));
}

static void places_that_no_file_has_are_refused(void **state)
{
	struct place *p = *state;
	struct file *f;
	err e;
	assert_ok(file_open(p->fs, in(p, "a"), FILE_WRITE, &f, &e), &e);
	assert_error(file_write(f, "x", 1, UINT64_MAX, &e), &e, ERR_INVALID, "no such place");
	assert_error(file_write(f, "x", 1, INT64_MAX, &e), &e, ERR_INVALID, "no such place");
	assert_error(file_truncate(f, UINT64_MAX, &e), &e, ERR_INVALID, "no such size");
	assert_ok(file_close(&f, &e), &e);
}

static void truncating_cuts_and_grows_with_zeros(void **state)
{
	struct place *p = *state;
	struct file *f;
	err e;
	char got[8];
	size_t n;
	assert_ok(file_open(p->fs, in(p, "a"), FILE_WRITE, &f, &e), &e);
	assert_ok(file_write(f, "abcdef", 6, 0, &e), &e);
	assert_ok(file_truncate(f, 2, &e), &e);
	assert_ok(file_truncate(f, 5, &e), &e);
	assert_ok(file_read(f, got, sizeof got, 0, &n, &e), &e);
	assert_int_equal(n, 5);
	assert_memory_equal(got, "ab\0\0\0", 5);
	assert_ok(file_close(&f, &e), &e);
}

static void a_mode_says_whether_the_file_may_be_there(void **state)
{
	struct place *p = *state;
	struct file *f;
	err e;
	assert_error(file_open(p->fs, in(p, "no"), FILE_READ, &f, &e), &e, ERR_NOT_FOUND, "no");
	assert_error(file_open(p->fs, in(p, "no/where"), FILE_WRITE, &f, &e), &e, ERR_NOT_FOUND,
		     "no/where");
	assert_ok(file_open(p->fs, in(p, "a"), FILE_WRITE, &f, &e), &e);
	assert_ok(file_close(&f, &e), &e);
	assert_ok(file_open(p->fs, in(p, "a"), FILE_WRITE, &f, &e), &e);
	assert_ok(file_close(&f, &e), &e);
	assert_error(file_open(p->fs, in(p, "a"), FILE_CREATE, &f, &e), &e, ERR_CONFLICT, "a");
	assert_error(file_open(p->fs, p->dir, FILE_WRITE, &f, &e), &e, ERR_IO, "directory");
}

static void a_map_shows_the_whole_file(void **state)
{
	struct place *p = *state;
	struct file *f;
	err e;
	const void *map;
	size_t n;
	put_file(p->fs, in(p, "a"), "content", 7);
	put_file(p->fs, in(p, "empty"), "", 0);
	assert_ok(file_open(p->fs, in(p, "a"), FILE_READ, &f, &e), &e);
	assert_ok(file_map(f, &map, &n, &e), &e);
	assert_int_equal(n, 7);
	assert_memory_equal(map, "content", 7);
	file_unmap(f, map, n);
	assert_ok(file_close(&f, &e), &e);
	assert_ok(file_open(p->fs, in(p, "empty"), FILE_READ, &f, &e), &e);
	assert_ok(file_map(f, &map, &n, &e), &e);
	assert_null(map);
	assert_int_equal(n, 0);
	file_unmap(f, map, n);
	assert_ok(file_close(&f, &e), &e);
}

static void a_rename_replaces(void **state)
{
	struct place *p = *state;
	err e;
	char from[128];
	struct buf b;
	buf_init(&b, 100);
	put_file(p->fs, in(p, "old"), "old", 3);
	put_file(p->fs, in(p, "new"), "new", 3);
	strcpy(from, in(p, "new"));
	assert_ok(fs_rename(p->fs, from, in(p, "old"), &e), &e);
	assert_false(fs_exists(p->fs, from));
	assert_ok(fs_read_all(p->fs, in(p, "old"), 3, &b, &e), &e);
	assert_text(buf_view(&b), "new");
	assert_error(fs_rename(p->fs, from, in(p, "x"), &e), &e, ERR_NOT_FOUND, "new");
	buf_fini(&b);
}

struct seen {
	char names[256];
	int left;
};

static bool see(void *arg, const char *name)
{
	struct seen *seen = arg;
	strcat(seen->names, name);
	strcat(seen->names, " ");
	return --seen->left > 0;
}

static void a_directory_lists_its_names_in_order(void **state)
{
	struct place *p = *state;
	err e;
	char sub[128];
	strcpy(sub, in(p, "b"));
	assert_ok(fs_make_dir(p->fs, sub, &e), &e);
	assert_ok(fs_make_dir(p->fs, sub, &e), &e);
	put_file(p->fs, in(p, "b/inner"), "", 0);
	put_file(p->fs, in(p, "c"), "", 0);
	put_file(p->fs, in(p, "a"), "", 0);
	put_file(p->fs, in(p, "gone"), "", 0);
	assert_ok(fs_remove(p->fs, in(p, "gone"), &e), &e);
	struct seen seen = { .left = 100 };
	assert_ok(fs_list(p->fs, p->dir, see, &seen, &e), &e);
	assert_string_equal(seen.names, "a b c ");
	seen = (struct seen){ .left = 2 };
	assert_ok(fs_list(p->fs, p->dir, see, &seen, &e), &e);
	assert_string_equal(seen.names, "a b ");
	assert_error(fs_list(p->fs, in(p, "none"), see, &seen, &e), &e, ERR_NOT_FOUND, "none");
	assert_error(fs_remove(p->fs, sub, &e), &e, ERR_CONFLICT, "b");
	assert_ok(fs_remove(p->fs, in(p, "b/inner"), &e), &e);
	assert_ok(fs_remove(p->fs, sub, &e), &e);
	assert_false(fs_exists(p->fs, sub));
	assert_error(fs_remove(p->fs, sub, &e), &e, ERR_NOT_FOUND, "b");
	assert_error(fs_make_dir(p->fs, in(p, "a"), &e), &e, ERR_CONFLICT, "a");
	assert_error(fs_make_dir(p->fs, in(p, "x/y"), &e), &e, ERR_NOT_FOUND, "x/y");
	assert_ok(fs_sync_dir(p->fs, p->dir, &e), &e);
	assert_error(fs_sync_dir(p->fs, in(p, "x"), &e), &e, ERR_NOT_FOUND, "x");
}

static void a_whole_file_is_read_up_to_a_limit(void **state)
{
	struct place *p = *state;
	err e;
	struct buf b;
	char content[10000];
	memset(content, 'c', sizeof content);
	put_file(p->fs, in(p, "a"), content, sizeof content);
	buf_init(&b, sizeof content);
	assert_ok(fs_read_all(p->fs, in(p, "a"), sizeof content, &b, &e), &e);
	assert_int_equal(b.n, sizeof content);
	assert_memory_equal(b.p, content, sizeof content);
	buf_clear(&b);
	assert_error(fs_read_all(p->fs, in(p, "a"), sizeof content - 1, &b, &e), &e, ERR_LIMIT,
		     "more than 9999 bytes");
	assert_int_equal(b.n, 0);
	b.bytes_max = 5000;
	buf_fini(&b);
	assert_error(fs_read_all(p->fs, in(p, "a"), sizeof content, &b, &e), &e, ERR_LIMIT, "");
	buf_fini(&b);
}

static void writing_all_leaves_nothing_beside(void **state)
{
	struct place *p = *state;
	err e;
	struct buf b;
	buf_init(&b, 100);
	put_file(p->fs, in(p, "a"), "a longer first content", 22);
	put_file(p->fs, in(p, "a"), "short", 5);
	assert_ok(fs_read_all(p->fs, in(p, "a"), 100, &b, &e), &e);
	assert_text(buf_view(&b), "short");
	struct seen seen = { .left = 100 };
	assert_ok(fs_list(p->fs, p->dir, see, &seen, &e), &e);
	assert_string_equal(seen.names, "a ");
	assert_error(fs_write_all(p->fs, in(p, "no/where"), S("x"), &e), &e, ERR_NOT_FOUND, "");
	buf_fini(&b);
}

static void free_bytes_are_told(void **state)
{
	struct place *p = *state;
	err e;
	uint64_t bytes = 0;
	assert_ok(fs_free_bytes(p->fs, p->dir, &bytes, &e), &e);
	assert_true(bytes > 0);
}

/* Every function that allocates, in one go. */
static bool use_everything(struct place *p, err *e)
{
	struct file *f;
	char from[128];
	char to[128];
	strcpy(from, in(p, "from"));
	strcpy(to, in(p, "to"));
	struct seen seen = { .left = 100 };
	if (!file_open(p->fs, from, FILE_WRITE, &f, e))
		return false;
	bool ok = file_write(f, "x", 1, 0, e) && file_sync(f, e);
	file_close(&f, NULL);
	return ok && fs_make_dir(p->fs, in(p, "sub"), e) && fs_rename(p->fs, from, to, e) &&
	       fs_list(p->fs, p->dir, see, &seen, e) && fs_remove(p->fs, to, e) &&
	       fs_write_all(p->fs, to, S("y"), e) && fs_remove(p->fs, to, e) &&
	       fs_remove(p->fs, in(p, "sub"), e);
}

static void no_allocation_that_fails_is_lost(void **state)
{
	struct place *p = *state;
	bool ok = false;
	uint64_t n = 1;
	for (; !ok; n++) {
		err e = { 0 };
		mem_fail_at(n);
		ok = use_everything(p, &e);
		mem_fail_at(0);
		if (!ok)
			assert_int_equal(e.code, ERR_NOMEM);
	}
	assert_true(n > 8);
}

struct writer {
	struct file *f;
	uint64_t number;
	bool ok;
};

static void *write_own_places(void *arg)
{
	struct writer *w = arg;
	err e;
	w->ok = true;
	for (uint64_t i = 0; i < 500 && w->ok; i++) {
		uint64_t value = w->number * 1000 + i;
		w->ok = file_write(w->f, &value, 8, (i * 4 + w->number) * 8, &e);
	}
	return NULL;
}

static void several_threads_may_write_one_file(void **state)
{
	struct place *p = *state;
	err e;
	struct file *f;
	struct thread threads[4] = { 0 };
	struct writer writers[4];
	assert_ok(file_open(p->fs, in(p, "a"), FILE_WRITE, &f, &e), &e);
	for (uint64_t i = 0; i < 4; i++) {
		writers[i] = (struct writer){ .f = f, .number = i };
		assert_ok(thread_start(&threads[i], "writer", write_own_places, &writers[i], &e),
			  &e);
	}
	for (int i = 0; i < 4; i++) {
		thread_join(&threads[i]);
		assert_true(writers[i].ok);
	}
	for (uint64_t i = 0; i < 2000; i++) {
		uint64_t value;
		size_t n;
		assert_ok(file_read(f, &value, 8, i * 8, &n, &e), &e);
		assert_int_equal(value, (i % 4) * 1000 + i / 4);
	}
	assert_ok(file_close(&f, &e), &e);
}

static void sizes_of_system_files_are_not_believed(void **state)
{
	(void)state;
	err e;
	struct buf b;
	buf_init(&b, MIB);
	assert_ok(fs_read_all(fs_real(), "/proc/self/status", MIB, &b, &e), &e);
	assert_true(b.n > 0);
	assert_error(fs_read_all(fs_real(), "/proc", MIB, &b, &e), &e, ERR_IO, "/proc");
	buf_fini(&b);
}

/* The kernel hands these out a page at a time. */
static void short_reads_are_continued(void **state)
{
	(void)state;
	static char text[16 * 1024];
	struct file *f;
	size_t n;
	err e;
	assert_ok(file_open(fs_real(), "/proc/self/smaps", FILE_READ, &f, &e), &e);
	assert_ok(file_read(f, text, sizeof text, 0, &n, &e), &e);
	assert_int_equal(n, sizeof text);
	assert_ok(file_close(&f, &e), &e);
}

static void descriptors_are_not_inherited(void **state)
{
	struct place *p = *state;
	err e;
	struct file *f;
	assert_ok(file_open(p->fs, in(p, "a"), FILE_WRITE, &f, &e), &e);
	struct stat wanted;
	assert_int_equal(stat(p->path, &wanted), 0);
	char command[256];
	snprintf(command, sizeof command, "! ls -l /proc/self/fd | grep -q '%s'", p->path);
	assert_int_equal(system(command), 0);
	assert_ok(file_close(&f, &e), &e);
}

#define ON_BOTH(test)                                                                              \
	{ #test " (real)", test, real_setup, real_teardown, NULL },                                \
	{                                                                                          \
#test " (twin)", test, sim_setup, sim_teardown, NULL                               \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_BOTH(what_is_written_is_read_back),
		ON_BOTH(places_that_no_file_has_are_refused),
		ON_BOTH(truncating_cuts_and_grows_with_zeros),
		ON_BOTH(a_mode_says_whether_the_file_may_be_there),
		ON_BOTH(a_map_shows_the_whole_file),
		ON_BOTH(a_rename_replaces),
		ON_BOTH(a_directory_lists_its_names_in_order),
		ON_BOTH(a_whole_file_is_read_up_to_a_limit),
		ON_BOTH(writing_all_leaves_nothing_beside),
		ON_BOTH(free_bytes_are_told),
		ON_BOTH(no_allocation_that_fails_is_lost),
		ON_BOTH(several_threads_may_write_one_file),
		cmocka_unit_test(sizes_of_system_files_are_not_believed),
		cmocka_unit_test(short_reads_are_continued),
		cmocka_unit_test_setup_teardown(descriptors_are_not_inherited, real_setup,
						real_teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
