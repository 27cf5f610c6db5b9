/*
 * test_export.c - what is exported can be imported, and says the same.
 *
 * What it is:   files into a real journal, out again, into a second one, and out of that: both
 * exports must be equal, byte by byte.
 */
#include "world.h"

#include "load/load.h"

struct house {
	struct world w;
	struct load_result r;
};

static void house_load(struct house *h, const char *name, enum load_kind kind, const char *content)
{
	char path[512];
	struct load_options o = { .kind_given = true, .kind = kind };
	snprintf(path, sizeof path, "%s.%s", h->w.dir, name);
	WORLD_OK(&h->w, fs_write_all(fs_real(), path, str_of(content), &h->w.e));
	WORLD_OK(&h->w, load_file(h->w.dir, h->w.j, path, &o, &h->w.a, &h->r, &h->w.e));
	if (h->r.rejected > 0)
		fail_msg("%s: %llu rows were rejected: %s", name, (unsigned long long)h->r.rejected,
			 h->r.rejects_path);
	unlink(path);
}

static bool append(void *arg, str piece)
{
	buf_str(arg, piece);
	return true;
}

/* The export as text, for the caller to free. */
static struct buf house_export(struct house *h, enum load_kind kind, bool json)
{
	struct snapshot *s;
	struct buf b;
	buf_init(&b, 16 * MIB);
	struct load_export x = { .kind = kind, .json = json, .put = append, .arg = &b };
	WORLD_OK(&h->w, journal_flush(h->w.j, &h->w.e));
	WORLD_OK(&h->w, snapshot_open(h->w.dir, 0, &s, &h->w.e));
	WORLD_OK(&h->w, load_export(s, &x, &h->w.e));
	snapshot_close(&s);
	buf_byte(&b, 0);
	assert_true(buf_ok(&b, &h->w.e));
	return b;
}

static void fill(struct house *h)
{
	house_load(
		h, "c.csv", LOAD_COMPANIES,
		"external_id,name,domain,employees,revenue,technologies,founded\n"
		"crm:1,Gro\xC3\x9F & S\xC3\xB6hne,gross.de,250,1000.50 USD,HubSpot;Slack,1999\n");
	house_load(
		h, "p.csv", LOAD_PEOPLE,
		"external_id,email,first_name,note,phone,score,delta,tags,signed,seen,ok,company_domain,"
		"lifecycle_stage,lifecycle_stage_at,source,obtained_at\n"
		"crm:7,a@b.de,Ana,\"=1+1, \"\"x\"\"\",+49 30 1,12,-5,a;b,2026-01-02,2026-01-02T10:00:00Z,yes,"
		"gross.de,mql,2025-01-05T11:30:00Z,fair,2025-01-01\n"
		"8;old:9,c@b.de,Bob,''@x,030 2,1.5,7,c;d,2026-01-03,2026-01-03T10:00:00.5Z,no,,lead,"
		"2025-01-06,mail,2025-01-02\n");
	house_load(
		h, "d.csv", LOAD_DEALS,
		"external_id,name,pipeline,stage,amount,created_at,closed_at,won,loss_reason,person_email,"
		"company_domain\n"
		"D1,Big,new,won,1500.00 EUR,2025-02-01,2025-03-01,true,,a@b.de,gross.de\n"
		"D2,Lost one,new,lost,5.00 USD,2025-02-01,2025-03-02,false,price,,\n");
	house_load(
		h, "e.csv", LOAD_EVENTS,
		"at,name,user_id,email,message_id,source,medium,value,currency,plan,url\n"
		"2025-01-01T10:00:00.25Z,signup,u1,e@b.de,m1,google,cpc,10.50,USD,pro,https://x.de/?a=1\n"
		"2025-01-01T10:00:00Z,ping,u1,,m2,,,,,,\n");
	house_load(h, "s.csv", LOAD_SPEND,
		   "date,source,amount,currency,clicks\n2025-01-01,google,12.5,EUR,7\n");
}

static void an_export_imported_elsewhere_exports_the_same(void **state)
{
	(void)state;
	static struct house a, b;
	for (int json = 0; json < 2; json++) {
		world_init(&a.w);
		fill(&a);
		/* Companies and people first: the others refer to them. Their touches come from the
		 * rows. */
		static const enum load_kind KINDS[] = { LOAD_COMPANIES, LOAD_PEOPLE, LOAD_DEALS,
							LOAD_SPEND };
		struct buf texts[ARRAY_LEN(KINDS)];
		for (size_t i = 0; i < ARRAY_LEN(KINDS); i++)
			texts[i] = house_export(&a, KINDS[i], json);
		world_fini(&a.w);
		world_init(&b.w);
		for (size_t i = 0; i < ARRAY_LEN(KINDS); i++)
			house_load(&b, json ? "x.jsonl" : "x.csv", KINDS[i], texts[i].p);
		for (size_t i = 0; i < ARRAY_LEN(KINDS); i++) {
			struct buf again = house_export(&b, KINDS[i], json);
			if (strcmp(again.p, texts[i].p) != 0)
				fail_msg("%s: got\n%swanted\n%s", load_kind_name(KINDS[i]), again.p,
					 texts[i].p);
			buf_fini(&again);
			buf_fini(&texts[i]);
		}
		world_fini(&b.w);
	}
}

static void exported_events_bring_the_whole_history_back(void **state)
{
	(void)state;
	static struct house a, b;
	world_init(&a.w);
	fill(&a);
	struct buf events = house_export(&a, LOAD_EVENTS, true);
	/* Into the same place: everything is known. */
	house_load(&a, "e.jsonl", LOAD_EVENTS, events.p);
	assert_int_equal(a.r.accepted, 0);
	assert_int_equal(a.r.duplicate, a.r.read);
	world_fini(&a.w);
	world_init(&b.w);
	house_load(&b, "e.jsonl", LOAD_EVENTS, events.p);
	assert_int_equal(b.r.accepted, b.r.read);
	struct buf again = house_export(&b, LOAD_EVENTS, true);
	assert_string_equal(again.p, events.p);
	struct subject_view v = world_view(&b.w, "a@b.de");
	value stage = subject_cell(&v, S("stage"));
	assert_int_equal(stage.kind, VALUE_TEXT);
	buf_fini(&again);
	buf_fini(&events);
	world_fini(&b.w);
}

static void a_formula_is_kept_from_the_spreadsheet(void **state)
{
	(void)state;
	static struct house a;
	world_init(&a.w);
	fill(&a);
	struct buf people = house_export(&a, LOAD_PEOPLE, false);
	assert_non_null(strstr(people.p, "\"'=1+1, \"\"x\"\"\""));
	assert_non_null(strstr(people.p, "'+49 30 1"));
	assert_non_null(strstr(people.p, ",-5,"));
	assert_non_null(strstr(people.p, ",''@x,"));
	buf_fini(&people);
	world_fini(&a.w);
}

static bool refuse(void *arg, str piece)
{
	(void)arg, (void)piece;
	return false;
}

static void a_full_disk_below_is_an_error(void **state)
{
	(void)state;
	static struct house a;
	struct snapshot *s;
	world_init(&a.w);
	fill(&a);
	WORLD_OK(&a.w, snapshot_open(a.w.dir, 0, &s, &a.w.e));
	for (int kind = 0; kind < LOAD_KINDS_N; kind++) {
		struct load_export x = { .kind = (enum load_kind)kind, .put = refuse };
		a.w.e = (err){ 0 };
		assert_false(load_export(s, &x, &a.w.e));
		assert_int_equal(a.w.e.code, ERR_IO);
	}
	snapshot_close(&s);
	world_fini(&a.w);
}

static void undo_and_a_second_import_leave_no_trace(void **state)
{
	(void)state;
	static struct house a;
	struct undo_result undone;
	world_init(&a.w);
	fill(&a);
	struct buf before = house_export(&a, LOAD_PEOPLE, false);
	uint64_t touches = world_touches(&a.w);
	house_load(&a, "p.csv", LOAD_PEOPLE,
		   "external_id,email,first_name\ncrm:7,a@b.de,Other\nx:1,n@b.de,New\n");
	assert_int_equal(a.r.people_new, 1);
	assert_int_equal(a.r.people_updated, 1);
	WORLD_OK(&a.w, journal_import_undo(a.w.j, a.r.import, &undone, &a.w.e));
	struct buf after = house_export(&a, LOAD_PEOPLE, false);
	assert_string_equal(after.p, before.p);
	/* The note of the undoing is the journal's own. */
	assert_true(world_touches(&a.w) <= touches + 2);
	buf_fini(&before);
	buf_fini(&after);
	world_verify(&a.w);
	world_fini(&a.w);
}

int main(void)
{
	err e;
	if (!zone_set("UTC", &e))
		return 1;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_export_imported_elsewhere_exports_the_same),
		cmocka_unit_test(exported_events_bring_the_whole_history_back),
		cmocka_unit_test(a_formula_is_kept_from_the_spreadsheet),
		cmocka_unit_test(a_full_disk_below_is_an_error),
		cmocka_unit_test(undo_and_a_second_import_leave_no_trace),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
