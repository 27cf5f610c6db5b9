/*
 * test_channel.c - channel groups: GA4's rules, and the table of well-known sites.
 *
 * Data from: data/channels (cases.jsonl, source_categories.csv) when it is there; TRICHTER_SHARED
 *            names the folder that holds data/, ../shared by default.
 */
#include "journal/channel.h"
#include "journal/channel_int.h"
#include "journal/journal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <jansson.h>

static void assert_channel(const struct origin *o, const char *want, const char *what)
{
	str got = channel_of(o);
	if (!str_eq(got, str_of(want)))
		fail_msg("%s: %.*s instead of %s", what, STR_ARG(got), want);
}

static FILE *data_open(const char *name)
{
	const char *shared = getenv("TRICHTER_SHARED");
	char path[4096];
	snprintf(path, sizeof path, "%s/data/channels/%s", shared != NULL ? shared : "../shared",
		 name);
	FILE *f = fopen(path, "r");
	if (f == NULL) {
		fprintf(stderr, "skipped: %s is not there\n", path);
		skip();
	}
	return f;
}

static void the_published_cases_hold(void **state)
{
	(void)state;
	FILE *f = data_open("cases.jsonl");
	char line[4096];
	size_t n = 0;
	while (fgets(line, sizeof line, f) != NULL) {
		json_t *c = json_loads(line, 0, NULL);
		assert_non_null(c);
		struct origin o = {
			.source = str_of(json_string_value(json_object_get(c, "source"))),
			.medium = str_of(json_string_value(json_object_get(c, "medium"))),
			.campaign = str_of(json_string_value(json_object_get(c, "campaign"))),
		};
		assert_channel(&o, json_string_value(json_object_get(c, "expected_channel")),
			       json_string_value(json_object_get(c, "id")));
		json_decref(c);
		n++;
	}
	fclose(f);
	assert_true(n > 0);
}

static void the_rules_of_source_medium_and_campaign_hold(void **state)
{
	(void)state;
	static const struct {
		const char *source, *medium, *campaign, *want;
	} cases[] = {
		{ "", "", "", "" },
		{ "(direct)", "", "", "Direct" },
		{ "(DIRECT)", "(None)", "", "Direct" },
		{ "", "(none)", "spring", "Direct" },
		{ "", "", "spring", "Direct" },
		{ "(direct)", "cpc", "", "Paid Other" },
		{ "GOOGLE", "CPC", "", "Paid Search" },
		{ "google", "cpc", "Cross-Network", "Cross-network" },
		{ "www.google.co.uk", "organic", "", "Organic Search" },
		{ "google.com.br", "", "", "Organic Search" },
		{ "uk.search.yahoo.com", "", "", "Organic Search" },
		{ "uk.shopping.net", "", "", "Organic Shopping" },
		{ "shopping.yahoo.co.jp", "", "", "Organic Shopping" },
		{ "answers.yahoo.com", "", "", "Organic Social" },
		{ "plus.google.com", "", "", "Organic Social" },
		{ "m.facebook.com", "referral", "", "Organic Social" },
		{ "lnkd.in", "referral", "", "Organic Social" },
		{ "bluesky", "", "", "Organic Social" },
		{ "t.co", "", "", "Organic Social" },
		{ "facebook.example.com", "", "", "Unassigned" },
		{ "notgoogle.com", "referral", "", "Referral" },
		{ "partner.example", "referral", "", "Referral" },
		{ "partner.example", "app", "", "Referral" },
		{ "partner.example", "link", "", "Referral" },
		{ "newsletter", "e-mail", "", "Email" },
		{ "E-Mail", "weekly", "", "Email" },
		{ "youtube.com", "paid-video", "", "Paid Video" },
		{ "somewhere", "online-video", "", "Organic Video" },
		{ "somewhere", "cpm", "", "Display" },
		{ "google", "cpm", "", "Paid Search" },
		{ "somewhere", "Interstitial", "", "Display" },
		{ "amazon", "ppc", "", "Paid Shopping" },
		{ "x", "ppc", "eshop", "Paid Shopping" },
		{ "x", "ppc", "my-shop", "Paid Shopping" },
		{ "x", "ppc", "workshop", "Paid Other" },
		{ "x", "ppc", "workshopping", "Paid Shopping" },
		{ "x", "ppc", "workshop in my shop", "Paid Shopping" },
		{ "x", "ppcx", "", "Unassigned" },
		{ "x", "xcpx", "", "Paid Other" },
		{ "x", "push", "", "Mobile Push Notifications" },
		{ "x", "pushed", "", "Unassigned" },
		{ "x", "Mobile", "", "Mobile Push Notifications" },
		{ "x", "affiliate", "", "Affiliates" },
		{ "x", "audio", "", "Audio" },
		{ "x", "podcast", "", "Unassigned" },
		{ "x", "paid", "", "Paid Other" },
		{ "x", "social-media", "", "Organic Social" },
		{ "organic_search", "", "", "Organic Search" },
		{ "PAID_SEARCH", "", "", "Paid Search" },
		{ "Direct Traffic", "", "", "Direct" },
		{ "organic_search", "other", "", "Unassigned" },
		{ "unknown", "", "", "Unassigned" },
		{ " google ", " cpc ", "", "Paid Search" },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct origin o = { .source = str_of(cases[i].source),
				    .medium = str_of(cases[i].medium),
				    .campaign = str_of(cases[i].campaign) };
		char what[200];
		snprintf(what, sizeof what, "%s / %s / %s", cases[i].source, cases[i].medium,
			 cases[i].campaign);
		assert_channel(&o, cases[i].want, what);
	}
}

static void click_ids_and_referrers_stand_in_for_a_source(void **state)
{
	(void)state;
	static const struct {
		const char *source, *medium, *click, *referrer, *want;
	} cases[] = {
		{ "", "", "gclid", "", "Paid Search" },
		{ "", "", "wbraid", "https://www.google.com/", "Paid Search" },
		{ "google", "", "gclid", "", "Paid Search" },
		{ "google", "organic", "gclid", "", "Organic Search" },
		{ "partner", "referral", "gclid", "", "Referral" },
		{ "", "", "dclid", "", "Display" },
		{ "", "", "msclkid", "", "Paid Search" },
		{ "", "", "fbclid", "", "Organic Social" },
		{ "", "cpc", "fbclid", "", "Paid Social" },
		{ "", "", "ttclid", "", "Paid Social" },
		{ "", "", "li_fat_id", "", "Paid Social" },
		{ "", "", "twclid", "", "Paid Social" },
		{ "", "", "unheard_of", "", "Direct" },
		{ "", "", "", "https://www.google.de/search?q=trichter", "Organic Search" },
		{ "", "", "", "http://l.facebook.com/", "Organic Social" },
		{ "", "", "", "https://user:word@blog.example.org:8080/a?b#c", "Referral" },
		{ "", "", "", "blog.example.org", "Referral" },
		{ "", "", "", "android-app://com.google.android.googlequicksearchbox/",
		  "Organic Search" },
		{ "", "", "", "android-app://com.linkedin.android", "Organic Social" },
		{ "", "", "", "https://checkout.stripe.com/pay/1", "Direct" },
		{ "", "", "", "https://www.paypal.com/", "Direct" },
		{ "", "", "", "https://notpaypal.com/", "Referral" },
		{ "", "email", "", "https://mail.example.org/", "Email" },
		{ "(direct)", "(none)", "", "https://www.google.de/", "Direct" },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct origin o = { .source = str_of(cases[i].source),
				    .medium = str_of(cases[i].medium),
				    .click_kind = str_of(cases[i].click),
				    .referrer = str_of(cases[i].referrer) };
		char what[200];
		snprintf(what, sizeof what, "case %zu: %s %s %s", i, cases[i].source,
			 cases[i].click, cases[i].referrer);
		assert_channel(&o, cases[i].want, what);
	}
}

static void any_bytes_of_any_length_are_answered(void **state)
{
	(void)state;
	static char text[100000];
	for (size_t n = 1; n < sizeof text; n = n * 3 + 1) {
		for (int c = 0; c < 256; c += 5) {
			memset(text, c, n);
			str s = str_make(text, n);
			struct origin o = { .source = s, .medium = s, .campaign = s };
			assert_true(channel_of(&o).n > 0);
			struct origin from = { .referrer = s, .click_kind = s };
			assert_true(channel_of(&from).n > 0);
		}
	}
}

static void the_table_is_sorted_and_in_lower_case(void **state)
{
	(void)state;
	size_t all = 0;
	for (int c = 0; c < 256; c++) {
		struct channel_sources list = channel_sources_at((char)c);
		if (c > '0' && c <= '9')
			continue; /* one list for all digits */
		for (size_t i = 0; i < list.n; i++) {
			const char *name = list.items[i].name;
			if (i > 0 && strcmp(list.items[i - 1].name, name) >= 0)
				fail_msg("%s stands before %s", list.items[i - 1].name, name);
			for (const char *p = name; *p != '\0'; p++)
				assert_false(*p >= 'A' && *p <= 'Z');
			assert_true(c == '0' ? name[0] <= '9' : name[0] == c);
			assert_int_equal(channel_source_find(name, strlen(name)),
					 list.items[i].category);
			all++;
		}
	}
	assert_true(all > 500);
	assert_int_equal(channel_source_find("googl", 5), SOURCE_OTHER);
	assert_int_equal(channel_source_find("googlee", 7), SOURCE_OTHER);
}

static void nearly_all_sources_of_the_reference_list_are_known(void **state)
{
	(void)state;
	static const char *const categories[] = { "", "SEARCH", "SOCIAL", "SHOPPING", "VIDEO" };
	FILE *f = data_open("source_categories.csv");
	char line[1024];
	size_t all = 0;
	size_t known = 0;
	assert_non_null(fgets(line, sizeof line, f));
	while (fgets(line, sizeof line, f) != NULL) {
		char *comma = strchr(line, ',');
		assert_non_null(comma);
		char *category = comma + 1 + strlen("SOURCE_CATEGORY_");
		category[strcspn(category, "\r\n")] = '\0';
		enum source_category got = channel_source_category(line, (size_t)(comma - line));
		all++;
		if (strcmp(categories[got], category) == 0)
			known++;
		else
			print_message("%.*s: %s here, %s there\n", (int)(comma - line), line,
				      categories[got], category);
	}
	fclose(f);
	print_message("%zu of %zu sources have the same category\n", known, all);
	assert_true(known * 100 >= all * 97);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_published_cases_hold),
		cmocka_unit_test(the_rules_of_source_medium_and_campaign_hold),
		cmocka_unit_test(click_ids_and_referrers_stand_in_for_a_source),
		cmocka_unit_test(any_bytes_of_any_length_are_answered),
		cmocka_unit_test(the_table_is_sorted_and_in_lower_case),
		cmocka_unit_test(nearly_all_sources_of_the_reference_list_are_known),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
