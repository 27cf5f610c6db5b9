/*
 * test_auth.c - who may, in its parts: codes, tokens, passwords, delays, roles.
 */
#include "world.h"

#include "server/auth_int.h"

static const char GOOD[] = "correct staple battery 7";
static const uint8_t SECRET[TOTP_SECRET_BYTES] = "12345678901234567890";

/* ---- codes ----------------------------------------------------------------------------------- */

static void assert_hex(const uint8_t *p, size_t n, const char *want)
{
	char got[128];
	for (size_t i = 0; i < n; i++)
		snprintf(got + 2 * i, 3, "%02x", p[i]);
	assert_string_equal(got, want);
}

static void sha1_gives_the_published_digests(void **state)
{
	uint8_t d[20];
	char million[1000];
	(void)state;
	sha1("", 0, d);
	assert_hex(d, 20, "da39a3ee5e6b4b0d3255bfef95601890afd80709");
	sha1("abc", 3, d);
	assert_hex(d, 20, "a9993e364706816aba3e25717850c26c9cd0d89d");
	sha1("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56, d);
	assert_hex(d, 20, "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
	memset(million, 'a', sizeof million);
	sha1(million, sizeof million, d);
	assert_hex(d, 20, "291e9a6c66994949b57ba5e650361e98fc36b1ba");
}

static void hmac_sha1_gives_the_digests_of_rfc_2202(void **state)
{
	uint8_t d[20];
	uint8_t key[80];
	(void)state;
	memset(key, 0x0b, 20);
	hmac_sha1(key, 20, "Hi There", 8, d);
	assert_hex(d, 20, "b617318655057264e28bc0b6fb378c8ef146be00");
	hmac_sha1("Jefe", 4, "what do ya want for nothing?", 28, d);
	assert_hex(d, 20, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
	memset(key, 0xaa, 80);
	hmac_sha1(key, 80, "Test Using Larger Than Block-Size Key - Hash Key First", 54, d);
	assert_hex(d, 20, "aa4ae5e15272d00e95705637ce8a3b55ed402112");
}

static void codes_are_those_of_rfc_6238(void **state)
{
	static const struct {
		uint64_t at;
		uint32_t code;
	} rows[] = {
		{ 59, 94287082 },	  { 1111111109, 7081804 },  { 1111111111, 14050471 },
		{ 1234567890, 89005924 }, { 2000000000, 69279037 }, { 20000000000, 65353130 }
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(totp_code("12345678901234567890", 20, rows[i].at / 30, 8),
				 rows[i].code);
}

static void a_code_holds_one_step_either_way_and_once(void **state)
{
	static const int64_t AT = 1111111111;
	char code[8];
	(void)state;
	snprintf(code, sizeof code, "%06u", totp_code(SECRET, 20, (uint64_t)AT / 30, 6));
	str c = str_of(code);
	uint64_t step = (uint64_t)AT / 30;
	assert_int_equal(totp_match(SECRET, c, AT * US_PER_S, 0), step);
	assert_int_equal(totp_match(SECRET, c, (AT + 30) * US_PER_S, 0), step);
	assert_int_equal(totp_match(SECRET, c, (AT - 30) * US_PER_S, 0), step);
	assert_int_equal(totp_match(SECRET, c, (AT + 60) * US_PER_S, 0), 0);
	assert_int_equal(totp_match(SECRET, c, (AT - 60) * US_PER_S, 0), 0);
	assert_int_equal(totp_match(SECRET, c, AT * US_PER_S, step), 0);
	assert_int_equal(totp_match(SECRET, c, AT * US_PER_S, step - 1), step);
	assert_int_equal(totp_match(SECRET, S(""), AT * US_PER_S, 0), 0);
	assert_int_equal(totp_match(SECRET, S("1234567"), AT * US_PER_S, 0), 0);
	assert_int_equal(totp_match(SECRET, S("ABCDEF"), AT * US_PER_S, 0), 0);
	assert_int_equal(totp_match(SECRET, c, -5, 0), 0);
}

static void base32_is_what_apps_read(void **state)
{
	char text[BASE32_TEXT_MAX];
	uint8_t back[TOTP_SECRET_BYTES];
	(void)state;
	str s = base32_print(text, SECRET, sizeof SECRET);
	assert_true(str_eq(s, S("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")));
	assert_true(base32_read(s, back, sizeof back));
	assert_memory_equal(back, SECRET, sizeof back);
	assert_false(base32_read(S("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJ1"), back, sizeof back));
	assert_false(base32_read(S(""), back, sizeof back));
}

/* ---- tokens ---------------------------------------------------------------------------------- */

static void tokens_differ_and_only_their_hash_is_needed(void **state)
{
	char a[TOKEN_TEXT_MAX], b[TOKEN_TEXT_MAX];
	uint8_t ha[HASH_BYTES], hb[HASH_BYTES];
	(void)state;
	token_make("tsk_", a, ha);
	token_make("tsk_", b, hb);
	assert_int_equal(strlen(a), 4 + 43);
	assert_string_not_equal(a, b);
	assert_true(token_is(str_of(a), ha));
	assert_false(token_is(str_of(b), ha));
	assert_false(token_is(S(""), ha));
	assert_false(token_is(str_make(a, strlen(a) - 1), ha));
}

/* ---- passwords ------------------------------------------------------------------------------- */

static void passwords_that_are_tried_first_are_refused(void **state)
{
	static const char *const BAD[] = {
		"",
		"short",
		"elevenchars",
		"password1234",
		"Passw0rd!2026",
		"123456789012",
		"210987654321",
		"aaaaaaaaaaaa",
		"abcabcabcabc",
		"passwordpassword",
		"qwertyuiop123",
		"Administrator1!",
		"!!!!!!!!!!!!!",
		"ann.miller@example.com",
		"xx ann.miller@example.com",
		"ann.miller2026",
		"AnnMiller1234",
		"\xff\xfe\xfd\xfc\xff\xfe\xfd\xfc\xff\xfe\xfd\xfc",
	};
	const struct user u = { .email = "ann.miller@example.com", .name = "AnnMiller" };
	err e;
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(BAD); i++) {
		if (password_check(str_of(BAD[i]), &u, &e))
			fail_msg("\"%s\" was taken", BAD[i]);
		assert_int_equal(e.code, ERR_INVALID);
	}
	assert_true(password_check(str_of(GOOD), &u, &e));
	assert_true(password_check(S("größer als zwölf Zeichen"), &u, &e));
	assert_false(password_check(S("zwölfzeiche"), &u, &e));
}

static void a_password_of_a_kilobyte_is_taken_whole_and_more_is_refused(void **state)
{
	char text[PASSWORD_BYTES_MAX + 1];
	const struct user u = { .email = "a@b.c" };
	err e;
	(void)state;
	for (size_t i = 0; i < sizeof text; i++)
		text[i] = (char)('!' + i * 7 % 90);
	assert_true(password_check(str_make(text, PASSWORD_BYTES_MAX), &u, &e));
	assert_false(password_check(str_make(text, PASSWORD_BYTES_MAX + 1), &u, &e));
}

/* ---- delays ---------------------------------------------------------------------------------- */

static void delays_grow_with_failures_and_end_with_success(void **state)
{
	static struct throttle t;
	int64_t now = 1000 * US_PER_S, wait = 0, last = 0;
	(void)state;
	throttle_init(&t);
	for (int i = 0; i < 5; i++)
		assert_int_equal(throttle_begin(&t, S("a@b.c"), S("10.0.0.0/24"), now), 0);
	for (int i = 0; i < 6; i++) {
		wait = throttle_begin(&t, S("a@b.c"), S("10.0.0.0/24"), now);
		assert_true(wait > last);
		last = wait;
		now += wait;
		assert_int_equal(throttle_begin(&t, S("a@b.c"), S("10.0.0.0/24"), now), 0);
	}
	/* Not locked out from elsewhere by what strangers do. */
	assert_int_equal(throttle_begin(&t, S("a@b.c"), S("10.9.9.0/24"), now), 0);
	throttle_ok(&t, S("a@b.c"), S("10.0.0.0/24"));
	assert_int_equal(throttle_begin(&t, S("a@b.c"), S("10.0.0.0/24"), now), 0);
	throttle_fini(&t);
}

static void strangers_lock_nobody_out_where_they_have_signed_in(void **state)
{
	static struct throttle t;
	char network[32];
	int64_t now = 1000 * US_PER_S;
	(void)state;
	throttle_init(&t);
	assert_int_equal(throttle_begin(&t, S("a@b.c"), S("10.0.0.0/24"), now), 0);
	throttle_ok(&t, S("a@b.c"), S("10.0.0.0/24"));
	for (int i = 0; i < 100; i++) {
		snprintf(network, sizeof network, "10.1.%d.0/24", i);
		(void)throttle_begin(&t, S("a@b.c"), str_of(network), now);
	}
	assert_true(throttle_begin(&t, S("a@b.c"), S("10.2.0.0/24"), now) > 0);
	assert_int_equal(throttle_begin(&t, S("a@b.c"), S("10.0.0.0/24"), now), 0);
	throttle_fini(&t);
}

static void one_network_cannot_try_one_password_on_everybody(void **state)
{
	static struct throttle t;
	char account[32];
	int tried = 0;
	(void)state;
	throttle_init(&t);
	for (int i = 0; i < 500; i++) {
		snprintf(account, sizeof account, "user%d@b.c", i);
		tried += throttle_begin(&t, str_of(account), S("10.0.0.0/24"), US_PER_S) == 0;
	}
	assert_in_range(tried, 1, 60);
	throttle_fini(&t);
}

static void many_accounts_do_not_wash_out_the_count_of_one(void **state)
{
	static struct throttle t;
	char account[32], network[32];
	(void)state;
	throttle_init(&t);
	for (int i = 0; i < 6; i++)
		(void)throttle_begin(&t, S("a@b.c"), S("10.0.0.0/24"), (i + 1) * US_PER_S);
	for (int i = 0; i < 500; i++) {
		snprintf(account, sizeof account, "user%d@b.c", i);
		snprintf(network, sizeof network, "10.%d.0.0/24", i % 250);
		(void)throttle_begin(&t, str_of(account), str_of(network), 7 * US_PER_S);
	}
	assert_true(throttle_begin(&t, S("a@b.c"), S("10.0.0.0/24"), 6 * US_PER_S) > 0);
	throttle_fini(&t);
}

static void a_network_is_told_not_an_address(void **state)
{
	static const struct {
		const char *address, *want;
	} rows[] = { { "203.0.113.77", "203.0.113.0/24" },
		     { "2001:db8:1:2:3:4:5:6", "2001:db8:1::/48" },
		     { "::ffff:203.0.113.9", "203.0.113.0/24" },
		     { "::1", "::/48" },
		     { "nonsense", "unknown" },
		     { "", "unknown" } };
	char text[NETWORK_TEXT_MAX];
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_true(
			str_eq(network_of(str_of(rows[i].address), text), str_of(rows[i].want)));
}

/* ---- roles ----------------------------------------------------------------------------------- */

static void each_role_may_what_the_one_below_may(void **state)
{
	static const enum role order[] = { ROLE_READ_ONLY, ROLE_SALES, ROLE_MARKETING,
					   ROLE_OPERATIONS, ROLE_ADMINISTRATOR };
	(void)state;
	for (size_t i = 1; i < ARRAY_LEN(order); i++) {
		uint64_t below = role_may(order[i - 1]), above = role_may(order[i]);
		assert_int_equal(below & ~above, 0);
		assert_int_not_equal(below, above);
	}
	for (size_t i = 0; i < ARRAY_LEN(order); i++) {
		bool administers = (role_may(order[i]) >> MAY_ADMINISTER & 1) != 0;
		assert_int_equal(administers, order[i] == ROLE_ADMINISTRATOR);
		assert_int_equal(role_may(order[i]) >> MAY_COLLECT, 0);
	}
}

static void names_of_roles_and_scopes_are_read_back(void **state)
{
	enum role role;
	uint64_t may = 0, all = 0;
	err e;
	(void)state;
	for (int i = 0; i < ROLE_N; i++) {
		assert_true(role_find(str_of(role_name((enum role)i)), &role, &e));
		assert_int_equal(role, i);
	}
	assert_false(role_find(S("Administrator"), &role, &e));
	assert_false(role_find(S(""), &role, &e));
	for (size_t i = 0; scope_at(UINT64_MAX, i) != NULL; i++) {
		assert_true(scope_find(str_of(scope_at(UINT64_MAX, i)), &may, &e));
		all |= may;
	}
	/* No scope lets a key do what only a person may: passwords, sessions. */
	assert_int_equal(all >> MAY_SIGNED_IN & 1, 0);
	assert_false(scope_find(S("signed_in"), &may, &e));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sha1_gives_the_published_digests),
		cmocka_unit_test(hmac_sha1_gives_the_digests_of_rfc_2202),
		cmocka_unit_test(codes_are_those_of_rfc_6238),
		cmocka_unit_test(a_code_holds_one_step_either_way_and_once),
		cmocka_unit_test(base32_is_what_apps_read),
		cmocka_unit_test(tokens_differ_and_only_their_hash_is_needed),
		cmocka_unit_test(passwords_that_are_tried_first_are_refused),
		cmocka_unit_test(a_password_of_a_kilobyte_is_taken_whole_and_more_is_refused),
		cmocka_unit_test(delays_grow_with_failures_and_end_with_success),
		cmocka_unit_test(strangers_lock_nobody_out_where_they_have_signed_in),
		cmocka_unit_test(one_network_cannot_try_one_password_on_everybody),
		cmocka_unit_test(many_accounts_do_not_wash_out_the_count_of_one),
		cmocka_unit_test(a_network_is_told_not_an_address),
		cmocka_unit_test(each_role_may_what_the_one_below_may),
		cmocka_unit_test(names_of_roles_and_scopes_are_read_back),
	};
	return cmocka_run_group_tests_name("auth", tests, NULL, NULL);
}
