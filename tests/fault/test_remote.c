/*
 * test_remote.c - commands beside a running server: the same answers, the same promises.
 */
#include "world.h"

#include "base/thread.h"
#include "journal/wire_int.h"

#include <sys/socket.h>
#include <sys/stat.h>

static struct intake item(const char *name, const char *user, const char *id)
{
	return (struct intake){ .name = str_of(name),
				.at_us = US_PER_DAY,
				.message_id = str_of(id),
				.user_id = str_of(user) };
}

static void a_command_writes_through_the_server(void **state)
{
	(void)state;
	struct world w;
	struct journal *other = NULL;
	world_init(&w);
	WORLD_OK(&w, journal_listen(w.j, &w.e));
	WORLD_OK(&w, journal_join(w.dir, &other, &w.e));

	struct intake items[] = { item("page_viewed", "anna", "m1"),
				  item("page_viewed", "anna", "m1"), item("", "anna", "m2") };
	struct batch b = { .items = items, .n = ARRAY_LEN(items), .trust = TRUST_SECRET };
	WORLD_OK(&w, journal_submit(other, &b, &w.e));
	assert_int_equal(items[0].outcome, OUTCOME_ACCEPTED);
	assert_int_equal(items[1].outcome, OUTCOME_DUPLICATE);
	assert_int_equal(items[2].outcome, OUTCOME_REJECTED);
	assert_non_null(items[2].reason);
	WORLD_OK(&w, journal_config_set(other, S("stages"), S("lead, customer"), S("cli"), &w.e));
	WORLD_OK(&w, journal_flush(other, &w.e));

	uint64_t import;
	struct undo_result undone;
	WORLD_OK(&w, journal_import_begin(other, S("{}"), &import, &w.e));
	struct intake imported[] = { item("page_viewed", "bert", "m3") };
	b = (struct batch){ .items = imported, .n = 1, .trust = TRUST_SECRET, .import = import };
	WORLD_OK(&w, journal_submit(other, &b, &w.e));
	WORLD_OK(&w, journal_import_close(other, import, S("{}"), &w.e));
	WORLD_OK(&w, journal_import_undo(other, import, &undone, &w.e));
	assert_int_equal(undone.touches, 1);
	assert_false(journal_import_undo(other, import, &undone, &w.e));
	assert_int_equal(w.e.code, ERR_CONFLICT);
	journal_close(&other);

	uint64_t differences, touches;
	world_close(&w);
	WORLD_OK(&w, journal_verify(w.dir, NULL, NULL, &differences, &touches, &w.e));
	assert_int_equal(differences, 0);
	world_fini(&w);
}

static void without_a_server_a_command_opens_the_journal_itself(void **state)
{
	(void)state;
	struct world w;
	struct journal *other = NULL;
	world_init(&w);
	/* Somebody has it who lets nobody in. */
	assert_false(journal_join(w.dir, &other, &w.e));
	assert_int_equal(w.e.code, ERR_CONFLICT);
	world_close(&w);
	WORLD_OK(&w, journal_join(w.dir, &other, &w.e));
	struct intake one = item("page_viewed", "anna", "m1");
	struct batch b = { .items = &one, .n = 1, .trust = TRUST_SECRET };
	WORLD_OK(&w, journal_submit(other, &b, &w.e));
	journal_close(&other);
	world_open(&w);
	world_fini(&w);
}

static void only_the_owner_may_connect(void **state)
{
	(void)state;
	struct world w;
	char path[512];
	struct stat s;
	world_init(&w);
	WORLD_OK(&w, journal_listen(w.j, &w.e));
	snprintf(path, sizeof path, "%s/sock", w.dir);
	assert_int_equal(stat(path, &s), 0);
	assert_int_equal(s.st_mode & 0777, 0600);
	world_fini(&w);
}

static void bytes_that_are_no_call_end_the_connection_and_nothing_else(void **state)
{
	(void)state;
	struct world w;
	struct journal *other = NULL;
	int fd;
	bool more = true;
	struct buf frame;
	world_init(&w);
	buf_init(&frame, MIB);
	WORLD_OK(&w, journal_listen(w.j, &w.e));
	static const char *const nonsense[] = { "\x04\0\0\0\x63\x63\x63\x63", "\xff\xff\xff\xff",
						"\x01\0\0\0\x02", "\x05\0\0\0" };
	static const size_t lengths[] = { 8, 4, 5, 4 };
	for (size_t i = 0; i < ARRAY_LEN(nonsense); i++) {
		WORLD_OK(&w, wire_connect(w.dir, &fd, &w.e));
		WORLD_OK(&w, wire_write(fd, str_make(nonsense[i], lengths[i]), &w.e));
		shutdown(fd, SHUT_WR);
		do {
			if (!wire_read(fd, &frame, &more, &w.e))
				break;
		} while (more);
		close(fd);
	}
	WORLD_OK(&w, journal_join(w.dir, &other, &w.e));
	journal_close(&other);
	buf_fini(&frame);
	world_fini(&w);
}

static void a_server_that_ends_leaves_the_command_uncertain(void **state)
{
	(void)state;
	struct world w;
	struct journal *other = NULL;
	world_init(&w);
	WORLD_OK(&w, journal_listen(w.j, &w.e));
	WORLD_OK(&w, journal_join(w.dir, &other, &w.e));
	world_close(&w);
	struct intake one = item("page_viewed", "anna", "m1");
	struct batch b = { .items = &one, .n = 1, .trust = TRUST_SECRET };
	assert_false(journal_submit(other, &b, &w.e));
	assert_int_equal(w.e.code, ERR_UNCERTAIN);
	journal_close(&other);
	/* Asked again with the same message id, it is there once. */
	world_open(&w);
	WORLD_OK(&w, journal_submit(w.j, &b, &w.e));
	WORLD_OK(&w, journal_submit(w.j, &b, &w.e));
	assert_int_equal(one.outcome, OUTCOME_DUPLICATE);
	world_fini(&w);
}

#define THREADS 4
#define EACH	50

struct caller {
	struct thread thread;
	const char *dir;
	int number;
	int accepted;
};

static void *call_often(void *arg)
{
	struct caller *c = arg;
	struct journal *j = NULL;
	err e = { 0 };
	if (!journal_join(c->dir, &j, &e))
		return NULL;
	for (int i = 0; i < EACH; i++) {
		char id[32];
		snprintf(id, sizeof id, "t%d-%d", c->number, i);
		struct intake one = item("page_viewed", "anna", id);
		struct batch b = { .items = &one, .n = 1, .trust = TRUST_SECRET };
		c->accepted += journal_submit(j, &b, &e) && one.outcome == OUTCOME_ACCEPTED;
	}
	journal_close(&j);
	return NULL;
}

static void several_commands_at_once_lose_nothing(void **state)
{
	(void)state;
	struct world w;
	struct caller callers[THREADS] = { 0 };
	world_init(&w);
	WORLD_OK(&w, journal_listen(w.j, &w.e));
	for (int i = 0; i < THREADS; i++) {
		callers[i] = (struct caller){ .dir = w.dir, .number = i };
		WORLD_OK(&w,
			 thread_start(&callers[i].thread, "caller", call_often, &callers[i], &w.e));
	}
	struct journal_numbers n;
	for (int i = 0; i < THREADS; i++) {
		thread_join(&callers[i].thread);
		assert_int_equal(callers[i].accepted, EACH);
	}
	journal_numbers(w.j, &n);
	assert_int_equal(n.touches, THREADS * EACH);
	world_fini(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_command_writes_through_the_server),
		cmocka_unit_test(without_a_server_a_command_opens_the_journal_itself),
		cmocka_unit_test(only_the_owner_may_connect),
		cmocka_unit_test(bytes_that_are_no_call_end_the_connection_and_nothing_else),
		cmocka_unit_test(a_server_that_ends_leaves_the_command_uncertain),
		cmocka_unit_test(several_commands_at_once_lose_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
