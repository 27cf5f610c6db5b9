/*
 * test_log.c - the program's own log, read back through a pipe that stands in for standard error.
 */
#include "unit/base/base_test.h"

#include "base/log.h"
#include "base/thread.h"
#include "base/time.h"

#include <errno.h>
#include <unistd.h>

#define TEXT_MAX (256 * KIB)
#define THREADS	 4
#define LINES	 200

static char text[TEXT_MAX];

struct capture {
	int fd_before;
	FILE *file;
};

static struct capture capture_begin(void)
{
	struct capture c = { dup(STDERR_FILENO), tmpfile() };
	assert_non_null(c.file);
	assert_true(dup2(fileno(c.file), STDERR_FILENO) >= 0);
	return c;
}

static void capture_end(struct capture *c)
{
	assert_true(dup2(c->fd_before, STDERR_FILENO) >= 0);
	close(c->fd_before);
	rewind(c->file);
	size_t n = fread(text, 1, sizeof text - 1, c->file);
	text[n] = '\0';
	fclose(c->file);
}

static void a_line_says_when_what_and_how_much(void **state)
{
	(void)state;
	struct capture c = capture_begin();
	log_event(LOG_INFO, "sealed", "touches=%d", 5000);
	capture_end(&c);
	str line = str_of(text);
	str at = str_sub(line, 3, str_index(line, ' ') - 3);
	int64_t at_us;
	err e;
	assert_true(str_starts(line, S("at=")));
	assert_true(time_parse(at, &at_us, &e));
	assert_true(time_now_us() - at_us < 60 * US_PER_S);
	assert_true(str_ends(line, S(" level=info event=sealed touches=5000\n")));
}

static void levels_below_the_least_are_silent(void **state)
{
	(void)state;
	struct capture c = capture_begin();
	log_event(LOG_DEBUG, "quiet", "n=1");
	log_set_level(LOG_ERROR);
	log_event(LOG_WARN, "quiet", "n=2");
	errno = EIO;
	log_event(LOG_ERROR, "loud", "%s", "");
	assert_int_equal(errno, EIO);
	log_set_level(LOG_DEBUG);
	log_event(LOG_DEBUG, "loud", "n=%d", 4);
	log_set_level(LOG_INFO);
	capture_end(&c);
	assert_false(str_contains(str_of(text), S("quiet")));
	assert_true(str_contains(str_of(text), S("level=error event=loud \n")));
	assert_true(str_contains(str_of(text), S("level=debug event=loud n=4\n")));
}

static void a_value_cannot_begin_a_line(void **state)
{
	(void)state;
	struct capture c = capture_begin();
	log_event(LOG_INFO, "bad", "why=\"%s\"", "a\nat=now level=error\x1B[0m\x7F");
	capture_end(&c);
	size_t lines = 0;
	for (const char *p = text; *p; p++)
		lines += *p == '\n';
	assert_int_equal(lines, 1);
	assert_true(str_contains(str_of(text), S("why=\"a at=now level=error [0m \"\n")));
}

static void a_long_line_is_cut_and_says_so(void **state)
{
	(void)state;
	static char wide[10000];
	for (size_t i = 0; i + 2 < sizeof wide; i += 2)
		memcpy(wide + i, "é", 2);
	for (int shift = 0; shift < 2; shift++) {
		struct capture c = capture_begin();
		log_event(LOG_INFO, "long", "%s%s", shift ? "x" : "", wide);
		capture_end(&c);
		assert_true(strlen(text) <= 4096 && strlen(text) > 4000);
		assert_true(str_is_utf8(str_of(text)));
		assert_true(str_ends(str_of(text), S("é cut=true\n")));
	}
}

static void *write_lines(void *arg)
{
	for (int i = 0; i < LINES; i++)
		log_event(LOG_INFO, "mixed", "who=%s i=%03d tail=abcdefghijklmnopqrstuvwxyz",
			  (const char *)arg, i);
	return NULL;
}

static void lines_of_threads_do_not_mix(void **state)
{
	(void)state;
	static char names[THREADS][2] = { "a", "b", "c", "d" };
	struct thread threads[THREADS];
	struct capture c = capture_begin();
	for (size_t i = 0; i < THREADS; i++) {
		err e;
		assert_true(thread_start(&threads[i], "log test", write_lines, names[i], &e));
	}
	for (size_t i = 0; i < THREADS; i++)
		thread_join(&threads[i]);
	capture_end(&c);
	str rest = str_of(text);
	str line;
	size_t lines = 0;
	while (str_next(&rest, '\n', &line)) {
		assert_true(str_starts(line, S("at=2")));
		assert_true(str_ends(line, S(" tail=abcdefghijklmnopqrstuvwxyz")));
		lines++;
	}
	assert_int_equal(lines, THREADS * LINES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_says_when_what_and_how_much),
		cmocka_unit_test(levels_below_the_least_are_silent),
		cmocka_unit_test(a_value_cannot_begin_a_line),
		cmocka_unit_test(a_long_line_is_cut_and_says_so),
		cmocka_unit_test(lines_of_threads_do_not_mix),
	};
	return cmocka_run_group_tests_name("base/log", tests, NULL, NULL);
}
