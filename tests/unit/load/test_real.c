/*
 * test_real.c - the shipped maps over real data: Olist's funnel, a CRM's pipeline.
 *
 * What it is:   reads ../shared/data beside the project (TRICHTER_DATA names another place);
 * skipped with a message when it is not there.
 */
#include "unit/load/load_test.h"

static bool data(struct loading *l, const char *map, const char *file)
{
	const char *place = getenv("TRICHTER_DATA");
	char path[512], map_path[512];
	snprintf(path, sizeof path, "%s/%s", place ? place : "../shared/data", file);
	snprintf(map_path, sizeof map_path, "examples/maps/%s", map);
	if (!fs_exists(fs_real(), path) || !fs_exists(fs_real(), map_path)) {
		print_message("%s is not there: skipped\n", path);
		return false;
	}
	l->o.map_path = map_path;
	if (!load_path(l, path))
		fail_msg("%s", l->e.text);
	return true;
}

static size_t named(const struct loading *l, const char *name, const char *key, const char *text)
{
	size_t n = 0;
	for (size_t i = 0; i < l->j.touches.n; i++) {
		const struct intake *t = &l->j.touches.items[i];
		value v = key ? fake_prop(t, key) : value_none();
		n += str_eq(t->name, str_of(name)) &&
		     (!key || (v.kind == VALUE_TEXT && str_eq(v.text, str_of(text))));
	}
	return n;
}

static void olists_leads_enter_lead_and_mql(void **state)
{
	static const struct {
		const char *source;
		size_t leads;
	} ORIGINS[] = {
		{ "organic_search", 2296 },
		{ "paid_search", 1586 },
		{ "social", 1350 },
		{ "unknown", 1099 },
		{ "direct_traffic", 499 },
		{ "email", 493 },
		{ "referral", 284 },
		{ "other", 150 },
		{ "display", 118 },
		{ "other_publicities", 65 },
		{ "", 60 },
	};
	struct loading *l = *state;
	if (!data(l, "olist-leads.yaml", "olist/olist_marketing_qualified_leads_dataset.csv"))
		skip();
	counts(l, 8000, 8000, 0, 0);
	assert_int_equal(named(l, "stage_entered", "stage", "lead"), 8000);
	assert_int_equal(named(l, "stage_entered", "stage", "mql"), 8000);
	for (size_t k = 0; k < ARRAY_LEN(ORIGINS); k++) {
		size_t n = 0;
		for (size_t i = 0; i < l->j.touches.n; i++) {
			const struct intake *t = &l->j.touches.items[i];
			n += str_eq(t->name, S("person_updated")) &&
			     str_eq(t->origin.source, str_of(ORIGINS[k].source));
		}
		assert_int_equal(n, ORIGINS[k].leads);
	}
	const struct intake *mql = &l->j.touches.items[2];
	assert_true(str_eq(mql->external[0].system, S("olist")));
	assert_int_equal(mql->at_us % US_PER_DAY, 0);
	assert_int_equal(fake_prop(mql, "landing_page").kind, VALUE_TEXT);
	assert_true(
		data(l, "olist-leads.yaml", "olist/olist_marketing_qualified_leads_dataset.csv"));
	counts(l, 8000, 0, 8000, 0);
}

static void olists_deals_enter_sql_opportunity_and_customer(void **state)
{
	struct loading *l = *state;
	if (!data(l, "olist-deals.yaml", "olist/olist_closed_deals_dataset.csv"))
		skip();
	counts(l, 842, 842, 0, 0);
	assert_int_equal(named(l, "stage_entered", "stage", "sql"), 842);
	assert_int_equal(named(l, "stage_entered", "stage", "opportunity"), 842);
	assert_int_equal(named(l, "stage_entered", "stage", "customer"), 842);
	struct map sdrs = { 0 }, representatives = { 0 };
	for (size_t i = 0; i < l->j.touches.n; i++) {
		const struct intake *t = &l->j.touches.items[i];
		value sdr = fake_prop(t, "sdr"), representative = fake_prop(t, "representative");
		assert_true(map_put(&sdrs, sdr.text, 1) &&
			    map_put(&representatives, representative.text, 1));
	}
	assert_int_equal(sdrs.n, 32);
	assert_int_equal(representatives.n, 22);
	map_fini(&sdrs);
	map_fini(&representatives);
}

static void the_crm_loads_as_it_is(void **state)
{
	struct loading *l = *state;
	if (!data(l, "crm-accounts.yaml", "crm/crm_accounts.csv"))
		skip();
	counts(l, 85, 85, 0, 0);
	assert_true(data(l, "crm-products.yaml", "crm/crm_products.csv"));
	counts(l, 7, 7, 0, 0);
	assert_true(data(l, "crm-teams.yaml", "crm/crm_sales_teams.csv"));
	counts(l, 35, 35, 0, 0);
	assert_true(data(l, "crm-pipeline.yaml", "crm/crm_sales_pipeline.csv"));
	counts(l, 8800, 8800, 0, 0);
	assert_int_equal(named(l, "deal_created", NULL, NULL), 8800);
	assert_int_equal(named(l, "deal_won", NULL, NULL), 4238);
	assert_int_equal(named(l, "deal_lost", NULL, NULL), 2473);
	assert_int_equal(named(l, "deal_stage_entered", "stage", "prospecting"), 500);
	assert_int_equal(named(l, "deal_stage_entered", "stage", "engaging"), 8300);
	int64_t minor = 0;
	for (size_t i = 0; i < l->j.touches.n; i++) {
		const struct intake *t = &l->j.touches.items[i];
		value amount = str_eq(t->name, S("deal_won")) ? fake_prop(t, "amount")
							      : value_none();
		if (amount.kind == VALUE_MONEY)
			minor += amount.i;
	}
	assert_int_equal(minor, INT64_C(1000553400));
	assert_has(notes(l), "1,425 deals came without a company");
	assert_has(notes(l), "product: \"GTXPro\" was read as \"GTX Pro\" in 1,480 rows.");
	assert_null(strstr(notes(l), "found no match"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(olists_leads_enter_lead_and_mql),
		TEST(olists_deals_enter_sql_opportunity_and_customer),
		TEST(the_crm_loads_as_it_is),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
