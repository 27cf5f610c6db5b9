/*
 * test_message.c - one message of Segment's API, read from memory as collecting reads it.
 */
#include "load/message.h"

#include "base/time.h"

#include "unit/load/load_test.h"

#define RECEIVED (INT64_C(1767225600) * US_PER_S) /* 2026-01-01T00:00:00Z */

struct reading {
	struct arena a;
	struct json_parser *parser;
	struct message_reader r;
	struct intake t;
	bool ok;
	err e;
};

static int reading_init(void **state)
{
	struct reading *x = calloc(1, sizeof *x);
	arena_init(&x->a, 64 * MIB);
	assert_true(json_parser_new(&x->parser, MIB, &x->e));
	*state = x;
	return 0;
}

static int reading_fini(void **state)
{
	struct reading *x = *state;
	json_parser_free(&x->parser);
	arena_fini(&x->a);
	free(x);
	return 0;
}

static const struct json *parse(struct reading *x, const char *text)
{
	const struct json *root;
	if (!json_parse(x->parser, str_of(text), &x->a, &root, &x->e))
		fail_msg("%s", x->e.text);
	return root;
}

/* Reads as a write key's; the body around it may be NULL. */
static bool read_in(struct reading *x, const char *body, const char *text)
{
	arena_reset(&x->a);
	x->r = (struct message_reader){
		.arena = &x->a,
		.keeps_json = true,
		.is_public = true,
		.received_us = RECEIVED,
		.props = ARENA_ARRAY(&x->a, struct prop, TOUCH_PROPS_MAX),
	};
	x->r.body = body ? parse(x, body) : NULL;
	assert_true(message_read(&x->r, parse(x, text), &x->t, &x->ok, &x->e));
	return x->ok;
}

static bool says(struct reading *x, const char *text)
{
	return read_in(x, NULL, text);
}

static str prop_text(const struct reading *x, const char *key)
{
	const struct touch t = { .props = x->t.props, .props_n = x->t.props_n };
	value v = touch_prop(&t, str_of(key));
	return v.kind == VALUE_TEXT ? v.text : S("");
}

static bool has_prop(const struct reading *x, const char *key)
{
	const struct touch t = { .props = x->t.props, .props_n = x->t.props_n };
	return touch_prop(&t, str_of(key)).kind != VALUE_NONE;
}

static void assert_str(str got, const char *want)
{
	if (!str_eq(got, str_of(want)))
		fail_msg("got %.*s, wanted %s", STR_ARG(got), want);
}

/* ---- time ------------------------------------------------------------------------------------ */

static void a_wrong_clock_is_corrected_by_the_time_of_sending(void **state)
{
	static const struct {
		const char *body, *message;
		int64_t before_us; /* before the receipt */
	} CASES[] = {
		{ NULL, "{\"type\":\"track\",\"event\":\"e\",\"userId\":\"u\"}", 0 },
		{ "{\"sentAt\":\"2020-05-05T10:00:10Z\"}",
		  "{\"type\":\"track\",\"event\":\"e\",\"userId\":\"u\",\"timestamp\":"
		  "\"2020-05-05T10:00:00Z\"}",
		  10 * US_PER_S },
		{ "{\"sentAt\":\"1999-01-01T00:00:00Z\"}",
		  "{\"type\":\"track\",\"event\":\"e\",\"userId\":\"u\",\"timestamp\":"
		  "\"2020-05-05T10:00:00Z\",\"sentAt\":\"2020-05-05T10:01:00Z\"}",
		  60 * US_PER_S },
		{ NULL,
		  "{\"type\":\"track\",\"event\":\"e\",\"userId\":\"u\",\"originalTimestamp\":"
		  "\"2031-01-01T00:00:00Z\",\"timestamp\":\"2020-01-01T00:00:00Z\",\"sentAt\":"
		  "\"2031-01-01T01:00:00Z\"}",
		  3600 * US_PER_S },
		{ NULL,
		  "{\"type\":\"track\",\"event\":\"e\",\"userId\":\"u\",\"timestamp\":"
		  "\"2025-12-31T00:00:00Z\"}",
		  US_PER_DAY },
		{ NULL,
		  "{\"type\":\"track\",\"event\":\"e\",\"userId\":\"u\",\"timestamp\":"
		  "\"2025-12-31T00:00:00Z\",\"sentAt\":\"yesterday\"}",
		  US_PER_DAY },
		{ NULL, "{\"type\":\"track\",\"event\":\"e\",\"userId\":\"u\",\"timestamp\":null}",
		  0 },
	};
	for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
		assert_true(read_in(*state, CASES[i].body, CASES[i].message));
		assert_int_equal(((struct reading *)*state)->t.at_us,
				 RECEIVED - CASES[i].before_us);
	}
}

static void a_date_that_is_none_has_a_reason(void **state)
{
	struct reading *x = *state;
	assert_false(says(x, "{\"type\":\"track\",\"event\":\"e\",\"userId\":\"u\",\"timestamp\":"
			     "\"soon\"}"));
	assert_string_equal(x->r.fault, "bad_date");
	assert_false(
		says(x, "{\"type\":\"track\",\"event\":\"e\",\"userId\":\"u\",\"timestamp\":5}"));
	assert_string_equal(x->r.fault, "bad_date");
}

/* ---- what a write key may say ---------------------------------------------------------------- */

static void a_write_key_sends_no_reserved_names(void **state)
{
	static const char *const NAMES[] = { "stage_entered",	  "deal_won",
					     "consent_given",	  "person_updated",
					     "person_identified", "person_merged",
					     "company_updated",	  "import_undone",
					     "message_opened",	  "spend_booked" };
	struct reading *x = *state;
	for (size_t i = 0; i < ARRAY_LEN(NAMES); i++) {
		char text[200];
		snprintf(text, sizeof text,
			 "{\"type\":\"track\",\"event\":\"%s\",\"userId\":\"u\"}", NAMES[i]);
		assert_false(says(x, text));
		assert_string_equal(x->r.fault, "reserved_name");
	}
}

static void a_name_that_would_become_a_reserved_one_is_kept_as_sent(void **state)
{
	struct reading *x = *state;
	assert_true(says(x, "{\"type\":\"track\",\"event\":\"Email Opened\",\"userId\":\"u\"}"));
	assert_str(x->t.name, "Email Opened");
	assert_true(says(x, "{\"type\":\"track\",\"event\":\"Form Submitted\",\"userId\":\"u\"}"));
	assert_str(x->t.name, "form_submitted");
	assert_str(prop_text(x, "sent_name"), "Form Submitted");
}

static void what_is_over_a_limit_is_left_out_and_counted(void **state)
{
	struct reading *x = *state;
	struct buf b;
	buf_init(&b, MIB);
	buf_cstr(
		&b,
		"{\"type\":\"track\",\"event\":\"e\",\"userId\":\"u\",\"properties\":{\"long\":\"");
	for (int i = 0; i < 9000; i++)
		buf_byte(&b, 'x');
	buf_cstr(&b, "\",\"excluded\":\"bot\",\"a\\u0000b\":1");
	for (int i = 0; i < 300; i++)
		buf_printf(&b, ",\"p%d\":%d", i, i);
	buf_cstr(&b, "}}");
	buf_byte(&b, 0);
	assert_true(says(x, b.p));
	assert_int_equal(x->t.props_n, MESSAGE_PUBLIC_PROPS_MAX);
	assert_int_equal(x->r.dropped_props, 100 + 3);
	assert_false(has_prop(x, "long"));
	assert_false(has_prop(x, "excluded"));
	buf_fini(&b);
}

static void control_characters_go_no_further(void **state)
{
	struct reading *x = *state;
	assert_false(says(x, "{\"type\":\"track\",\"event\":\"a\\u0000b\",\"userId\":\"u\"}"));
	assert_string_equal(x->r.fault, "control_characters");
	assert_false(says(x, "{\"type\":\"track\",\"event\":\"e\",\"userId\":\"u\\u001b[2J\"}"));
	assert_string_equal(x->r.fault, "control_characters");
	assert_true(says(x, "{\"type\":\"track\",\"event\":\"e\",\"userId\":\"u\",\"properties\":"
			    "{\"note\":\"a\\u0000b\\u001bc\\nd\"}}"));
	assert_str(prop_text(x, "note"), "abc\nd");
}

static void an_owner_is_not_set_from_a_web_page(void **state)
{
	struct reading *x = *state;
	assert_true(says(x, "{\"type\":\"identify\",\"userId\":\"u\",\"traits\":{\"owner\":\"me\","
			    "\"email_status\":\"verified\",\"city\":\"Ulm\"}}"));
	assert_false(has_prop(x, "owner"));
	assert_false(has_prop(x, "email_status"));
	assert_str(prop_text(x, "city"), "Ulm");
	assert_int_equal(x->r.dropped_props, 2);
}

static bool admits_none_but_page(void *arg, bool is_key, str name)
{
	(void)arg;
	return !is_key && str_eq(name, S("known"));
}

static void a_new_name_is_admitted_by_the_caller(void **state)
{
	struct reading *x = *state;
	assert_true(says(x, "{\"type\":\"track\",\"event\":\"known\",\"userId\":\"u\"}"));
	const struct json *m = parse(x,
				     "{\"type\":\"track\",\"event\":\"other\",\"userId\":\"u\"}");
	x->r.admits = admits_none_but_page;
	assert_true(message_read(&x->r, m, &x->t, &x->ok, &x->e));
	assert_false(x->ok);
	assert_string_equal(x->r.fault, "too_many_names");
	m = parse(
		x,
		"{\"type\":\"track\",\"event\":\"known\",\"userId\":\"u\",\"properties\":{\"a\":1}}");
	assert_true(message_read(&x->r, m, &x->t, &x->ok, &x->e));
	assert_true(x->ok);
	assert_int_equal(x->t.props_n, 0);
	assert_int_equal(x->r.dropped_props, 1);
}

/* ---- context --------------------------------------------------------------------------------- */

static void an_address_of_the_network_is_never_kept(void **state)
{
	struct reading *x = *state;
	assert_true(says(x,
			 "{\"type\":\"track\",\"event\":\"e\",\"userId\":\"u\",\"context\":{\"ip\":"
			 "\"203.0.113.9\",\"locale\":\"de-DE\"},\"integrations\":{\"All\":true}}"));
	assert_int_equal(x->t.props_n, 1);
	assert_str(prop_text(x, "locale"), "de-DE");
}

static void the_page_of_an_identify_is_no_trait(void **state)
{
	struct reading *x = *state;
	assert_true(
		says(x, "{\"type\":\"identify\",\"userId\":\"u\",\"traits\":{\"jobTitle\":\"CEO\"},"
			"\"context\":{\"page\":{\"title\":\"Prices\",\"path\":\"/p\",\"url\":"
			"\"https://a.example/p?utm_source=x\"}}}"));
	assert_str(prop_text(x, "title"), "CEO");
	assert_false(has_prop(x, "path"));
	assert_str(x->t.origin.source, "x");
}

static void the_context_of_a_batch_counts_for_its_messages(void **state)
{
	struct reading *x = *state;
	assert_true(read_in(x, "{\"context\":{\"campaign\":{\"source\":\"s\",\"name\":\"n\"}}}",
			    "{\"type\":\"track\",\"event\":\"e\",\"userId\":\"u\"}"));
	assert_str(x->t.origin.source, "s");
	assert_str(x->t.origin.campaign, "n");
}

static void robots_are_known_by_what_they_call_themselves(void **state)
{
	(void)state;
	assert_true(message_is_bot(
		S("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)")));
	assert_true(message_is_bot(S("Mozilla/5.0 (X11; Linux x86_64) HeadlessChrome/120.0")));
	assert_true(message_is_bot(S("python-requests/2.31")));
	assert_false(message_is_bot(S("Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Firefox/120.0")));
	assert_false(message_is_bot(S("")));
}

static void a_marked_touch_is_about_nobody(void **state)
{
	struct reading *x = *state;
	assert_true(says(
		x, "{\"type\":\"track\",\"event\":\"e\",\"userId\":\"u\",\"anonymousId\":\"a\","
		   "\"context\":{\"userAgent\":\"somebot/1\",\"test\":true}}"));
	assert_true(message_is_bot(x->r.user_agent));
	assert_true(x->r.says_test);
	assert_true(message_mark(&x->r, &x->t, MARK_BOT, &x->e));
	assert_int_equal(x->t.user_id.n + x->t.anonymous_id.n, 0);
	assert_str(prop_text(x, "excluded"), "bot");
}

static void the_address_may_say_the_type(void **state)
{
	struct reading *x = *state;
	arena_reset(&x->a);
	assert_true(says(x, "{\"type\":\"track\",\"event\":\"e\",\"userId\":\"u\"}"));
	x->r.type = S("page");
	assert_true(message_read(&x->r, parse(x, "{\"userId\":\"u\"}"), &x->t, &x->ok, &x->e));
	assert_true(x->ok);
	assert_str(x->t.name, "page_viewed");
}

#define T(name) cmocka_unit_test_setup_teardown(name, reading_init, reading_fini)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_wrong_clock_is_corrected_by_the_time_of_sending),
		T(a_date_that_is_none_has_a_reason),
		T(a_write_key_sends_no_reserved_names),
		T(a_name_that_would_become_a_reserved_one_is_kept_as_sent),
		T(what_is_over_a_limit_is_left_out_and_counted),
		T(control_characters_go_no_further),
		T(an_owner_is_not_set_from_a_web_page),
		T(a_new_name_is_admitted_by_the_caller),
		T(an_address_of_the_network_is_never_kept),
		T(the_page_of_an_identify_is_no_trait),
		T(the_context_of_a_batch_counts_for_its_messages),
		T(robots_are_known_by_what_they_call_themselves),
		T(a_marked_touch_is_about_nobody),
		T(the_address_may_say_the_type),
	};
	return cmocka_run_group_tests_name("message", tests, NULL, NULL);
}
