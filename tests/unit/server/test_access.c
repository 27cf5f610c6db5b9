/*
 * test_access.c - users, keys, sessions, links and the audit log over a real journal, without HTTP.
 */
#include "world.h"

#include "server/auth_int.h"

static const char GOOD[] = "correct staple battery 7";
static const uint8_t SECRET[TOTP_SECRET_BYTES] = "12345678901234567890";

struct house {
	struct world w;
	struct auth *a;
};

static void house_open(struct house *h)
{
	const struct auth_options o = { .dir = h->w.dir, .serves = true };
	WORLD_OK(&h->w, auth_open(h->w.j, &o, &h->a, &h->w.e));
}
static void house_init(struct house *h)
{
	world_init(&h->w);
	house_open(h);
}
static void house_reopen(struct house *h)
{
	auth_close(&h->a);
	world_reopen(&h->w);
	house_open(h);
}
static void house_fini(struct house *h)
{
	auth_close(&h->a);
	world_fini(&h->w);
}
static uint64_t add(struct house *h, const char *email, enum role role, const char *password)
{
	struct user u = { .role = role, .name = "Some Body" };
	uint64_t id = 0;
	snprintf(u.email, sizeof u.email, "%s", email);
	WORLD_OK(&h->w, auth_user_add(h->a, &u, str_of(password), S("test"), &id, &h->w.e));
	return id;
}

static void a_user_is_there_after_a_restart_and_the_password_fits(void **state)
{
	struct house h;
	struct member m;
	bool fits;
	(void)state;
	house_init(&h);
	uint64_t id = add(&h, "Ann@Example.com", ROLE_SALES, GOOD);
	for (int round = 0; round < 2; round++) {
		assert_true(auth_member_by_email(h.a, S("ANN@example.com"), &m));
		assert_int_equal(m.user.id, id);
		assert_string_equal(m.user.email, "ann@example.com");
		WORLD_OK(&h.w,
			 password_verify(h.a, m.secrets.password, str_of(GOOD), &fits, &h.w.e));
		assert_true(fits);
		WORLD_OK(&h.w, password_verify(h.a, m.secrets.password, S("wrong one, sorry"),
					       &fits, &h.w.e));
		assert_false(fits);
		WORLD_OK(&h.w, password_verify(h.a, "", S("nobody's password"), &fits, &h.w.e));
		assert_false(fits);
		house_reopen(&h);
	}
	house_fini(&h);
}

static void users_that_make_no_sense_are_refused(void **state)
{
	static const struct {
		const char *name, *email, *language;
	} rows[] = { { "", "a@b.c", "" },     { "  ", "a@b.c", "" },
		     { "A\nB", "a@b.c", "" }, { "A", "", "" },
		     { "A", "nobody", "" },   { "A", "@b.c", "" },
		     { "A", "a@", "" },	      { "A", "a@b@c", "" },
		     { "A", "a b@c.d", "" },  { "A", "a\r\nBcc: x@y.z@b.c", "" },
		     { "A", "<a@b.c>", "" },  { "A", "a@b.c", "fr" } };
	struct house h;
	uint64_t id;
	(void)state;
	house_init(&h);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct user u = { .role = ROLE_SALES };
		snprintf(u.name, sizeof u.name, "%s", rows[i].name);
		snprintf(u.email, sizeof u.email, "%s", rows[i].email);
		snprintf(u.language, sizeof u.language, "%s", rows[i].language);
		assert_false(auth_user_add(h.a, &u, S(""), S("test"), &id, &h.w.e));
		assert_int_equal(h.w.e.code, ERR_INVALID);
	}
	assert_int_equal(auth_users_n(h.a), 0);
	house_fini(&h);
}

static void an_address_is_one_users_and_the_last_administrator_stays(void **state)
{
	struct house h;
	struct user u;
	uint64_t id;
	(void)state;
	house_init(&h);
	uint64_t first = add(&h, "a@b.c", ROLE_ADMINISTRATOR, "");
	u = (struct user){ .role = ROLE_SALES, .name = "B", .email = "A@B.C" };
	assert_false(auth_user_add(h.a, &u, S(""), S("test"), &id, &h.w.e));
	assert_int_equal(h.w.e.code, ERR_CONFLICT);
	assert_true(auth_user(h.a, first, &u));
	u.role = ROLE_SALES;
	assert_false(auth_user_change(h.a, &u, S("test"), &h.w.e));
	u.role = ROLE_ADMINISTRATOR;
	u.disabled = true;
	assert_false(auth_user_change(h.a, &u, S("test"), &h.w.e));
	add(&h, "b@b.c", ROLE_ADMINISTRATOR, "");
	assert_true(auth_user_change(h.a, &u, S("test"), &h.w.e));
	house_fini(&h);
}

static const struct device HERE = { "Firefox, Linux", "10.0.0.0/24" };

static void sessions_survive_a_restart_until_they_are_over(void **state)
{
	struct house h;
	struct session s;
	struct user u;
	char token[TOKEN_TEXT_MAX];
	(void)state;
	house_init(&h);
	uint64_t id = add(&h, "a@b.c", ROLE_SALES, "");
	WORLD_OK(&h.w, session_begin(h.a, id, &HERE, token, &h.w.e));
	int64_t now = time_now_us();
	assert_true(session_find(h.a, str_of(token), now, &s, &u));
	assert_int_equal(u.id, id);
	house_reopen(&h);
	assert_true(session_find(h.a, str_of(token), now, &s, &u));
	assert_string_equal(s.device, "Firefox, Linux");
	assert_false(session_find(h.a, S("x"), now, &s, &u));
	assert_false(session_find(h.a, S(""), now, &s, &u));
	assert_false(session_find(h.a, str_of(token), now + SESSION_IDLE_US + 1, &s, &u));
	/* The clock went back: no reason to send anybody away. */
	assert_true(session_find(h.a, str_of(token), now - US_PER_DAY, &s, &u));
	for (int day = 1; day <= 29; day++)
		assert_true(session_find(h.a, str_of(token), now + day * US_PER_DAY, &s, &u));
	assert_false(session_find(h.a, str_of(token), now + 31 * US_PER_DAY, &s, &u));
	house_fini(&h);
}

static void a_new_password_and_a_shut_out_user_end_sessions(void **state)
{
	struct house h;
	struct session s;
	struct user u;
	char token[TOKEN_TEXT_MAX], again[TOKEN_TEXT_MAX];
	bool found;
	(void)state;
	house_init(&h);
	uint64_t id = add(&h, "a@b.c", ROLE_SALES, GOOD);
	int64_t now = time_now_us();
	WORLD_OK(&h.w, session_begin(h.a, id, &HERE, token, &h.w.e));
	WORLD_OK(&h.w, auth_user_password(h.a, id, S("another good battery"), S("test"), &h.w.e));
	assert_false(session_find(h.a, str_of(token), now, &s, &u));
	WORLD_OK(&h.w, session_begin(h.a, id, &HERE, again, &h.w.e));
	assert_true(auth_user(h.a, id, &u));
	u.disabled = true;
	WORLD_OK(&h.w, auth_user_change(h.a, &u, S("test"), &h.w.e));
	assert_false(session_find(h.a, str_of(again), now, &s, &u));
	assert_false(session_begin(h.a, id, &HERE, token, &h.w.e));
	assert_true(auth_user(h.a, id, &u));
	u.disabled = false;
	WORLD_OK(&h.w, auth_user_change(h.a, &u, S("test"), &h.w.e));
	assert_true(session_find(h.a, str_of(again), now, &s, &u));
	WORLD_OK(&h.w, session_end(h.a, id, s.id, 0, &found, &h.w.e));
	assert_true(found);
	assert_false(session_find(h.a, str_of(again), now, &s, &u));
	WORLD_OK(&h.w, session_end(h.a, id, 12345, 0, &found, &h.w.e));
	assert_false(found);
	house_fini(&h);
}

static void a_password_changed_beside_the_server_ends_sessions_at_the_next_start(void **state)
{
	struct house h;
	struct session s;
	struct user u;
	char token[TOKEN_TEXT_MAX];
	(void)state;
	house_init(&h);
	uint64_t id = add(&h, "a@b.c", ROLE_SALES, GOOD);
	WORLD_OK(&h.w, session_begin(h.a, id, &HERE, token, &h.w.e));
	auth_close(&h.a);
	const struct auth_options o = { .dir = h.w.dir };
	WORLD_OK(&h.w, auth_open(h.w.j, &o, &h.a, &h.w.e));
	WORLD_OK(&h.w, auth_user_password(h.a, id, S("another good battery"), S("test"), &h.w.e));
	auth_close(&h.a);
	house_open(&h);
	assert_false(session_find(h.a, str_of(token), time_now_us(), &s, &u));
	house_fini(&h);
}

static void the_oldest_of_too_many_sessions_gives_way(void **state)
{
	struct house h;
	struct session *rows;
	char token[TOKEN_TEXT_MAX];
	size_t n;
	(void)state;
	house_init(&h);
	uint64_t id = add(&h, "a@b.c", ROLE_SALES, "");
	for (int i = 0; i < SESSIONS_OF_USER_MAX + 5; i++)
		WORLD_OK(&h.w, session_begin(h.a, id, &HERE, token, &h.w.e));
	WORLD_OK(&h.w, session_list(h.a, id, &h.w.a, &rows, &n, &h.w.e));
	assert_int_equal(n, SESSIONS_OF_USER_MAX);
	house_fini(&h);
}

static void a_damaged_file_of_sessions_signs_out_and_no_more(void **state)
{
	struct house h;
	struct session s;
	struct user u;
	char token[TOKEN_TEXT_MAX], path[512];
	(void)state;
	house_init(&h);
	uint64_t id = add(&h, "a@b.c", ROLE_SALES, "");
	WORLD_OK(&h.w, session_begin(h.a, id, &HERE, token, &h.w.e));
	auth_close(&h.a);
	snprintf(path, sizeof path, "%s/sessions", h.w.dir);
	WORLD_OK(&h.w, fs_write_all(fs_real(), path, S("{\"format\":1,\"sessions\":[{"), &h.w.e));
	house_open(&h);
	assert_false(session_find(h.a, str_of(token), time_now_us(), &s, &u));
	WORLD_OK(&h.w, session_begin(h.a, id, &HERE, token, &h.w.e));
	house_fini(&h);
}

static void a_link_lets_in_once_and_not_for_ever(void **state)
{
	struct house h;
	struct user u;
	char token[TOKEN_TEXT_MAX], newer[TOKEN_TEXT_MAX];
	(void)state;
	house_init(&h);
	uint64_t id = add(&h, "a@b.c", ROLE_SALES, "");
	WORLD_OK(&h.w, auth_user_link(h.a, id, US_PER_DAY, S("test"), token, &h.w.e));
	WORLD_OK(&h.w, auth_user_link(h.a, id, US_PER_DAY, S("test"), newer, &h.w.e));
	assert_false(auth_link_use(h.a, str_of(token), &u, &h.w.e));
	house_reopen(&h);
	WORLD_OK(&h.w, auth_link_use(h.a, str_of(newer), &u, &h.w.e));
	assert_int_equal(u.id, id);
	assert_false(auth_link_use(h.a, str_of(newer), &u, &h.w.e));
	assert_int_equal(h.w.e.code, ERR_DENIED);
	WORLD_OK(&h.w, auth_user_link(h.a, id, -1, S("test"), token, &h.w.e));
	assert_false(auth_link_use(h.a, str_of(token), &u, &h.w.e));
	/* The hash of nobody's link is all zeros: no text has it, but none may fit by chance. */
	assert_false(auth_link_use(h.a, S(""), &u, &h.w.e));
	house_fini(&h);
}

static void a_recovery_code_replaces_the_app_once(void **state)
{
	struct house h;
	str codes[RECOVERY_CODES];
	struct user u;
	bool used;
	(void)state;
	house_init(&h);
	uint64_t id = add(&h, "a@b.c", ROLE_SALES, GOOD);
	WORLD_OK(&h.w, auth_user_totp_on(h.a, id, SECRET, codes, &h.w.a, S("test"), &h.w.e));
	WORLD_OK(&h.w, auth_recovery_use(h.a, id, codes[3], &used, &h.w.e));
	assert_true(used);
	WORLD_OK(&h.w, auth_recovery_use(h.a, id, codes[3], &used, &h.w.e));
	assert_false(used);
	WORLD_OK(&h.w, auth_recovery_use(h.a, id, S("aaaa-aaaa-aaaa"), &used, &h.w.e));
	assert_false(used);
	assert_true(auth_user(h.a, id, &u));
	assert_true(u.totp);
	assert_int_equal(u.recovery_left, RECOVERY_CODES - 1);
	WORLD_OK(&h.w, auth_user_totp_off(h.a, id, S("test"), &h.w.e));
	WORLD_OK(&h.w, auth_recovery_use(h.a, id, codes[4], &used, &h.w.e));
	assert_false(used);
	house_fini(&h);
}

static void a_code_is_not_taken_twice_even_after_a_restart(void **state)
{
	struct house h;
	str codes[RECOVERY_CODES];
	char code[8];
	(void)state;
	house_init(&h);
	uint64_t id = add(&h, "a@b.c", ROLE_SALES, GOOD);
	WORLD_OK(&h.w, auth_user_totp_on(h.a, id, SECRET, codes, &h.w.a, S("test"), &h.w.e));
	int64_t now = time_now_us();
	snprintf(code, sizeof code, "%06u",
		 totp_code(SECRET, 20, (uint64_t)(now / US_PER_S) / 30, 6));
	assert_true(totp_use(h.a, id, str_of(code), now));
	assert_false(totp_use(h.a, id, str_of(code), now));
	house_reopen(&h);
	assert_false(totp_use(h.a, id, str_of(code), now));
	house_fini(&h);
}

static void a_key_opens_until_it_is_revoked(void **state)
{
	struct house h;
	struct key k = { .secret = true, .may = role_may(ROLE_SALES), .name = "CRM" };
	char token[TOKEN_TEXT_MAX];
	uint64_t id;
	(void)state;
	house_init(&h);
	WORLD_OK(&h.w, auth_key_add(h.a, &k, S("test"), &id, token, &h.w.e));
	house_reopen(&h);
	assert_true(auth_key_find(h.a, str_of(token), &k));
	assert_int_equal(k.id, id);
	assert_int_equal(k.may, role_may(ROLE_SALES) & ~(UINT64_C(1) << MAY_SIGNED_IN));
	assert_memory_equal(token, k.hint, strlen(k.hint));
	assert_true(strlen(k.hint) <= 8);
	token[20] ^= 1;
	assert_false(auth_key_find(h.a, str_of(token), &k));
	token[20] ^= 1;
	WORLD_OK(&h.w, auth_key_revoke(h.a, id, S("test"), &h.w.e));
	assert_false(auth_key_find(h.a, str_of(token), &k));
	assert_false(auth_key_revoke(h.a, 99, S("test"), &h.w.e));
	house_fini(&h);
}

static void nonsense_in_the_configuration_lets_nobody_in(void **state)
{
	static const char *const NAMES[] = { "user.1", "user.0",	"user.99999999",
					     "user.x", "secret.user.1", "secret.link.1",
					     "key.1",  "secret.key.1",	"key.-1" };
	static const char *const VALUES[] = { "{",    "[]",
					      "null", "{\"role\":\"god\"}",
					      "12",   "{\"hash\":\"\",\"expires\":\"x\"}" };
	struct house h;
	struct user u;
	struct key k;
	(void)state;
	house_init(&h);
	for (size_t i = 0; i < ARRAY_LEN(NAMES); i++) {
		for (size_t n = 0; n < ARRAY_LEN(VALUES); n++)
			WORLD_OK(&h.w, journal_config_set(h.w.j, str_of(NAMES[i]),
							  str_of(VALUES[n]), S("test"), &h.w.e));
	}
	assert_int_equal(auth_users_n(h.a), 0);
	assert_false(auth_user(h.a, 1, &u));
	assert_false(auth_link_use(h.a, S(""), &u, &h.w.e));
	assert_false(auth_key_find(h.a, S(""), &k));
	house_fini(&h);
}

static void the_audit_log_is_read_backwards_and_in_pieces(void **state)
{
	struct house h;
	struct audit_line *lines;
	size_t n, seen = 0;
	char detail[64];
	uint64_t before = UINT64_MAX;
	(void)state;
	house_init(&h);
	for (int i = 0; i < 700; i++) {
		snprintf(detail, sizeof detail, "%d \"quoted\"\n", i);
		audit_write(h.a, &(struct audit_note){ .what = "signed_in",
						       .user = 1,
						       .by = S("user:1"),
						       .detail = str_of(detail),
						       .network = S("10.0.0.0/24") });
	}
	for (;;) {
		WORLD_OK(&h.w, audit_read(h.a, before, 100, &h.w.a, &lines, &n, &h.w.e));
		if (n == 0)
			break;
		for (size_t i = 0; i < n; i++, seen++) {
			snprintf(detail, sizeof detail, "\"%d \\\"quoted\\\"\\n\"",
				 699 - (int)seen);
			assert_true(str_contains(lines[i].text, str_of(detail)));
		}
		before = lines[n - 1].at;
	}
	assert_int_equal(seen, 700);
	house_fini(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_user_is_there_after_a_restart_and_the_password_fits),
		cmocka_unit_test(users_that_make_no_sense_are_refused),
		cmocka_unit_test(an_address_is_one_users_and_the_last_administrator_stays),
		cmocka_unit_test(sessions_survive_a_restart_until_they_are_over),
		cmocka_unit_test(a_new_password_and_a_shut_out_user_end_sessions),
		cmocka_unit_test(
			a_password_changed_beside_the_server_ends_sessions_at_the_next_start),
		cmocka_unit_test(the_oldest_of_too_many_sessions_gives_way),
		cmocka_unit_test(a_damaged_file_of_sessions_signs_out_and_no_more),
		cmocka_unit_test(a_link_lets_in_once_and_not_for_ever),
		cmocka_unit_test(a_recovery_code_replaces_the_app_once),
		cmocka_unit_test(a_code_is_not_taken_twice_even_after_a_restart),
		cmocka_unit_test(a_key_opens_until_it_is_revoked),
		cmocka_unit_test(nonsense_in_the_configuration_lets_nobody_in),
		cmocka_unit_test(the_audit_log_is_read_backwards_and_in_pieces),
	};
	return cmocka_run_group_tests_name("access", tests, NULL, NULL);
}
