/*
 * test_events.c - touches of their own: CSV, Segment messages; deals and spend.
 */
#include "unit/load/load_test.h"

static void every_other_column_of_an_event_is_a_property(void **state)
{
	struct loading *l = *state;
	load(l, "e.csv",
	     "at,name,user_id,email,message_id,source,medium,deal,value,currency,plan,seats\n"
	     "2025-01-01T10:00:00Z,signup,u1,a@b.de,m1,google,cpc,D7,10.50,USD,pro,3\n"
	     "1969-12-31T23:59:59Z,ping,,,m2,,,,,,,\n");
	assert_touches(
		l,
		"signup 2025-01-01T10:00:00Z user=u1 email=a@b.de deal=D7 source=google medium=cpc "
		"{plan:text=pro, seats:number=3, value:money=10.50 USD}\n"
		"ping 1969-12-31T23:59:59Z\n");
	assert_true(str_eq(l->j.touches.items[0].message_id, S("m1")));
	assert_has(notes(l), "1 event named nobody.");
}

static void a_pages_address_fills_the_origin(void **state)
{
	struct loading *l = *state;
	load(l, "e.csv",
	     "at,name,anonymous_id,url,referrer,source\n"
	     "2025-01-01,page_viewed,a,https://www.x.de/?utm_source=li&utm_medium=paid+social&utm_campaign=a%20b"
	     "&fbclid=1#top,https://x.de/home,\n"
	     "2025-01-02,page_viewed,a,https://x.de/?utm_source=li&gclid=,https://google.com/,mail\n");
	assert_has(dump(l), "source=li medium=paid social campaign=a b click=fbclid {url");
	assert_has(dump(l), "source=mail referrer=https://google.com/ {url");
}

static void equal_rows_are_different_events(void **state)
{
	struct loading *l = *state;
	const char *text = "at,name,user_id\n2025-01-01,a,u\n2025-01-01,a,u\n2025-01-01,a,u\n";
	load(l, "e.csv", text);
	counts(l, 3, 3, 0, 0);
	load(l, "e.csv", text);
	counts(l, 3, 0, 3, 0);
}

static void segment_messages_become_touches(void **state)
{
	struct loading *l = *state;
	load(l, "s.jsonl",
	     "{\"type\":\"page\",\"anonymousId\":\"a1\",\"messageId\":\"m1\",\"timestamp\":\"2025-01-01T10:00:00Z\","
	     "\"context\":{\"campaign\":{\"source\":\"li\",\"name\":\"spring\"},\"page\":{\"url\":"
	     "\"https://x.de/p?utm_medium=cpc\",\"referrer\":\"https://t.co/\"}},\"properties\":{\"path\":\"/p\"}}\n"
	     "{\"type\":\"identify\",\"userId\":\"u1\",\"anonymousId\":\"a1\",\"messageId\":\"m2\",\"timestamp\":"
	     "\"2025-01-01T10:05:00Z\",\"traits\":{\"email\":\"k@x.de\",\"firstName\":\"Kai\",\"age\":null,"
	     "\"company\":{\"name\":\"Ex\",\"size\":5}}}\n"
	     "{\"type\":\"track\",\"userId\":\"u1\",\"event\":\"Order Completed\",\"messageId\":\"m3\","
	     "\"originalTimestamp\":\"2025-01-02T10:00:00Z\",\"sentAt\":\"2025-01-02T10:00:05Z\",\"receivedAt\":"
	     "\"2025-01-02T11:00:05Z\",\"properties\":{\"revenue\":12.5,\"currency\":\"EUR\",\"items\":[{\"sku\":\"x\"}],"
	     "\"tags\":[\"a\",\"b\"]}}\n"
	     "{\"type\":\"track\",\"userId\":\"u1\",\"event\":\"Demo Scheduled\",\"messageId\":\"m4\",\"timestamp\":"
	     "\"2025-01-03T10:00:00Z\"}\n"
	     "{\"type\":\"group\",\"userId\":\"u1\",\"groupId\":\"g1\",\"messageId\":\"m5\",\"timestamp\":"
	     "\"2025-01-03T11:00:00Z\",\"traits\":{\"name\":\"Ex Inc\",\"website\":\"https://www.ex.com/x\"}}\n"
	     "{\"type\":\"alias\",\"userId\":\"u1\",\"previousId\":\"a0\",\"messageId\":\"m6\",\"timestamp\":"
	     "\"2025-01-03T12:00:00Z\"}\n");
	assert_touches(
		l,
		"page_viewed 2025-01-01T10:00:00Z anonymous=a1 source=li medium=cpc campaign=spring "
		"referrer=https://t.co/ {path:text=/p, url:text=https://x.de/p?utm_medium=cpc}\n"
		"person_updated 2025-01-01T10:05:00Z user=u1 email=k@x.de anonymous=a1 company=Ex "
		"{first_name:text=Kai, company.size:number=5}\n"
		"Order Completed 2025-01-02T11:00:00Z user=u1 {revenue:money=12.50 EUR, currency:text=EUR, "
		"items.0.sku:text=x, tags:list=a;b}\n"
		"demo_booked 2025-01-03T10:00:00Z user=u1 {sent_name:text=Demo Scheduled}\n"
		"company_updated 2025-01-03T11:00:00Z user=u1 company=Ex Inc domain=ex.com company_id=g1 "
		"{name:text=Ex Inc, domain:text=ex.com}\n"
		"person_identified 2025-01-03T12:00:00Z user=u1 previous=a0\n");
}

static void a_broken_message_comes_back_with_its_reason(void **state)
{
	struct loading *l = *state;
	load(l, "s.jsonl",
	     "{\"type\":\"track\",\"userId\":\"u1\",\"event\":\"X\",\"timestamp\":\"2025-01-02T10:00:00Z\"}\n"
	     "{\"type\":\"track\",\"userId\":\"null\",\"event\":\"X\",\"timestamp\":\"2025-01-02T10:00:00Z\"}\n"
	     "{\"type\":\"track\",\"userId\":\"u1\",\"event\":\"X\"}\n"
	     "{\"type\":\"track\",\"userId\":\"u1\"\n"
	     "[1]\n\n"
	     "{\"type\":\"foo\",\"userId\":\"u1\",\"timestamp\":\"2025-01-02T10:00:00Z\"}\n"
	     "{\"type\":\"track\",\"userId\":\"u1\",\"timestamp\":\"2025-02-30T10:00:00Z\",\"event\":\"X\"}\n");
	counts(l, 7, 1, 0, 6);
	const char *text = rejects(l);
	assert_has(text, "{\"line\":2,\"reason\":\"the message does not say who it is about");
	assert_has(text, "\"message\":{\"type\":\"track\",\"userId\":\"null\"");
	assert_has(text, "{\"line\":3,\"reason\":\"the message does not say when it happened");
	assert_has(text, "{\"line\":4,\"reason\":\"");
	assert_has(text, "\"text\":\"{\\\"type\\\":\\\"track\\\",\\\"userId\\\":\\\"u1\\\"\"}");
	assert_has(text, "{\"line\":5,\"reason\":\"this is JSON, but no object in braces");
	assert_has(text, "{\"line\":7,\"reason\":\"\\\"type\\\" must be track");
	assert_has(text, "{\"line\":8,\"reason\":\"\\\"timestamp\\\" is no date");
	/* A repaired file of rejects is read as it is. */
	load(l, "r.jsonl",
	     "{\"line\":2,\"reason\":\"x\",\"message\":{\"type\":\"track\",\"userId\":\"u2\",\"event\":\"X\","
	     "\"timestamp\":\"2025-01-02T10:00:00Z\"}}\n");
	counts(l, 1, 1, 0, 0);
}

static void a_message_without_an_id_is_known_again(void **state)
{
	struct loading *l = *state;
	const char *text =
		"{\"type\":\"track\",\"userId\":\"u1\",\"event\":\"X\",\"timestamp\":\"2025-01-02T10:00:00Z\"}\n"
		"{\"type\":\"track\",\"userId\":\"u1\",\"event\":\"X\",\"timestamp\":\"2025-01-02T10:00:00Z\"}\n";
	load(l, "s.jsonl", text);
	counts(l, 2, 2, 0, 0);
	load(l, "s.jsonl", text);
	counts(l, 2, 0, 2, 0);
}

static void a_deal_is_created_and_ends(void **state)
{
	struct loading *l = *state;
	load(l, "d.csv",
	     "Deal ID,Deal Name,Deal Stage,Amount,Currency,Close Date,Create Date,Associated Company,Contact Email,"
	     "Closed Lost Reason\n"
	     "7,Big,Closed won,\"1,500.00\",USD,2025-03-01,2025-01-01,Acme,a@b.de,\n"
	     "8,Open,Evaluation,900,EUR,2099-03-01,2025-01-05,,,\n"
	     "9,Gone,Closed lost (Sales),5,EUR,2025-02-01,2025-02-03,,,price\n");
	assert_touches(
		l,
		"deal_created 2025-01-01T00:00:00Z email=a@b.de company=Acme deal=7 {amount:money=1500.00 USD, "
		"name:text=Big}\n"
		"deal_won 2025-03-01T00:00:00Z email=a@b.de company=Acme deal=7 {amount:money=1500.00 USD, "
		"stage:text=won}\n"
		"company_updated IMPORT company=Acme {name:text=Acme}\n"
		"deal_created 2025-01-05T00:00:00Z deal=8 {amount:money=900.00 EUR, closed_at:date=2099-03-01, "
		"name:text=Open}\n"
		"deal_stage_entered IMPORT deal=8 {stage:text=evaluation}\n"
		"deal_created 2025-02-03T00:00:00Z deal=9 {amount:money=5.00 EUR, loss_reason:text=price, "
		"name:text=Gone}\n"
		"deal_lost 2025-02-01T00:00:00Z deal=9 {amount:money=5.00 EUR, loss_reason:text=price, "
		"stage:text=lost}\n");
	assert_has(notes(l), "2 deals came without a company; kept all the same.");
	assert_has(notes(l), "1 deal closed before the day of creation, first in line 4");
	assert_int_equal(l->r.deals_new, 3);
}

static void won_may_be_said_by_a_column_of_its_own(void **state)
{
	static const struct {
		const char *row;
		const char *touch;
	} CASES[] = {
		{ "1,A,true,2025-01-02", "deal_won 2025-01-02" },
		{ "1,A,1,2025-01-02", "deal_won 2025-01-02" },
		{ "1,A,no,2025-01-02", "deal_lost 2025-01-02" },
		{ "1,A,no,2099-01-02", "deal_created IMPORT" },
		{ "1,A,,2025-01-02", "deal_created IMPORT" },
		{ "1,A,Lost,2025-01-02", "deal_lost 2025-01-02" },
	};
	struct loading *l = *state;
	kind(l, LOAD_DEALS);
	for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
		char text[256];
		snprintf(text, sizeof text, "external_id,name,won,closed_at\n%s\n", CASES[i].row);
		fake_fini(&l->j);
		fake_init(&l->j);
		load(l, "d.csv", text);
		const char *got = dump(l);
		assert_has(got, CASES[i].touch);
		assert_true(!strstr(got, "deal_won") == !strstr(CASES[i].touch, "deal_won"));
		assert_true(!strstr(got, "deal_lost") == !strstr(CASES[i].touch, "deal_lost"));
	}
}

static void a_stage_history_enters_stages(void **state)
{
	struct loading *l = *state;
	load(l, "h.csv",
	     "Opportunity ID,From Stage,To Stage,Stage Change Date\n"
	     "D1,Prospecting,Evaluation,2025-01-02\n"
	     "D1,Evaluation,Closed Won,2025-01-09\n");
	assert_touches(l,
		       "deal_stage_entered 2025-01-02T00:00:00Z deal=D1 {stage:text=evaluation}\n"
		       "deal_won 2025-01-09T00:00:00Z deal=D1 {stage:text=won}\n");
}

static void a_deal_without_an_id_is_known_by_its_name(void **state)
{
	struct loading *l = *state;
	load(l, "d.csv", "name,stage,company_name,created_at\nBig,won,Acme,2025-01-01\n");
	assert_has(dump(l), "deal=name:Big / Acme");
	assert_has(notes(l), "1 deal had no id");
}

static void spend_is_booked_per_day(void **state)
{
	struct loading *l = *state;
	load(l, "s.csv",
	     "date,source,campaign,cost,clicks\n01/02/2025,google,brand,12.5,10\n01/13/2025,google,brand,$13.50,11\n");
	assert_touches(l, "spend_booked 2025-01-02T00:00:00Z source=google campaign=brand "
			  "{amount:money=12.50 EUR, clicks:number=10}\n"
			  "spend_booked 2025-01-13T00:00:00Z source=google campaign=brand "
			  "{amount:money=13.50 USD, clicks:number=11}\n");
}

static void events_are_never_skipped_because_their_person_is_known(void **state)
{
	struct loading *l = *state;
	l->o.duplicates = DUPLICATES_SKIP;
	load(l, "e.csv", "at,name,user_id\n2025-01-01,a,u\n");
	assert_int_equal(l->j.duplicates, DUPLICATES_UPDATE);
	load(l, "p.csv", "email,first_name,last_name\na@b.de,A,B\n");
	assert_int_equal(l->j.duplicates, DUPLICATES_SKIP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_other_column_of_an_event_is_a_property),
		TEST(a_pages_address_fills_the_origin),
		TEST(equal_rows_are_different_events),
		TEST(segment_messages_become_touches),
		TEST(a_broken_message_comes_back_with_its_reason),
		TEST(a_message_without_an_id_is_known_again),
		TEST(a_deal_is_created_and_ends),
		TEST(won_may_be_said_by_a_column_of_its_own),
		TEST(a_stage_history_enters_stages),
		TEST(a_deal_without_an_id_is_known_by_its_name),
		TEST(spend_is_booked_per_day),
		TEST(events_are_never_skipped_because_their_person_is_known),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
