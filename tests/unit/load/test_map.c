/*
 * test_map.c - map files: what they can say, and how their mistakes are told.
 */
#include "unit/load/load_test.h"

static void a_row_may_stand_for_several_touches(void **state)
{
	struct loading *l = *state;
	put_map(l, "kind: people\n"
		   "id_system: olist\n"
		   "date_format: \"%d-%m-%Y\"\n"
		   "columns:\n"
		   "  id: external_id\n"
		   "  origin: source\n"
		   "  page: {trait: landing_page}\n"
		   "  contact: created_at\n"
		   "touches:\n"
		   "  - name: person_updated\n"
		   "    at: contact\n"
		   "  - name: stage_entered\n"
		   "    at: contact\n"
		   "    set: {stage: lead}\n"
		   "    props: [page]\n"
		   "  - name: stage_entered\n"
		   "    at: [won, contact]\n"
		   "    when: {won: {filled: yes}, origin: {not: [bad, worse]}}\n"
		   "    set: {stage: customer, n: 3, q: \"3\", ok: yes}\n"
		   "    props: none\n"
		   "    origin: no\n");
	load(l, "x.csv",
	     "id,contact,origin,page,won\n"
	     "7,02-03-2018,social,p1,26-03-2018 19:58\n"
	     "8,03-03-2018,bad,p2,27-03-2018 10:00\n"
	     "9,04-03-2018,,p3,\n");
	assert_touches(
		l,
		"person_updated 2018-03-02T00:00:00Z external=olist:7 source=social {created_at:date=2018-03-02, "
		"landing_page:text=p1, won:time=2018-03-26T19:58:00Z}\n"
		"stage_entered 2018-03-02T00:00:00Z external=olist:7 source=social {landing_page:text=p1, "
		"stage:text=lead}\n"
		"stage_entered 2018-03-26T19:58:00Z external=olist:7 {stage:text=customer, n:number=3, q:text=3, "
		"ok:yes/no=true}\n"
		"person_updated 2018-03-03T00:00:00Z external=olist:8 source=bad {created_at:date=2018-03-03, "
		"landing_page:text=p2, won:time=2018-03-27T10:00:00Z}\n"
		"stage_entered 2018-03-03T00:00:00Z external=olist:8 source=bad {landing_page:text=p2, "
		"stage:text=lead}\n"
		"person_updated 2018-03-04T00:00:00Z external=olist:9 {created_at:date=2018-03-04, "
		"landing_page:text=p3}\n"
		"stage_entered 2018-03-04T00:00:00Z external=olist:9 {landing_page:text=p3, stage:text=lead}\n");
}

static void columns_are_translated_split_scaled_and_typed(void **state)
{
	struct loading *l = *state;
	put_map(l, "kind: companies\n"
		   "decimal: comma\n"
		   "currency: USD\n"
		   "columns:\n"
		   "  who: name\n"
		   "  rev: {field: revenue, times: 1000000}\n"
		   "  sector: {field: industry, values: {technolgy: technology, NO: Norway}}\n"
		   "  tags: {trait: tags, split: \"|\"}\n"
		   "  since: {trait: since, type: date, date_format: \"%Y%m%d\"}\n"
		   "  code: {trait: code, type: text}\n"
		   "  gone: {trait: gone, optional: yes}\n"
		   "ignore: [secret]\n"
		   "constants: {country: DE, level: \"5\", score: 5}\n");
	load(l, "x.csv",
	     "who,rev,sector,tags,since,code,secret\n"
	     "Acme,\"1.100,04\",technolgy,a|b,20250131,12,s\n"
	     "Beta,2,NO,c,20250228,13,s\n");
	assert_touches(
		l,
		"company_updated IMPORT company=Acme {code:text=12, country:text=DE, "
		"industry:text=technology, level:text=5, name:text=Acme, revenue:money=1100040000.00 USD, "
		"score:number=5, since:date=2025-01-31, tags:list=a;b}\n"
		"company_updated IMPORT company=Beta {code:text=13, country:text=DE, "
		"industry:text=Norway, level:text=5, name:text=Beta, revenue:money=2000000.00 USD, "
		"score:number=5, since:date=2025-02-28, tags:list=c}\n");
	assert_has(notes(l), "sector: \"technolgy\" was read as \"technology\" in 1 row.");
	assert_has(notes(l), "Left out, as the map says: secret.");
}

static void a_second_file_adds_columns(void **state)
{
	struct loading *l = *state;
	put(l, "teams.csv", "agent,manager,price\nAnn,Mia,550\nBob,Max,7\n");
	put_map(l, "kind: deals\n"
		   "currency: USD\n"
		   "columns: {id: external_id, rep: owner}\n"
		   "lookups:\n"
		   "  - file: teams.csv\n"
		   "    match: rep\n"
		   "    their: agent\n"
		   "    columns:\n"
		   "      manager: boss\n"
		   "      price: {trait: list_price, type: money}\n"
		   "  - {file: none.csv, match: rep, columns: {a: b}, optional: yes}\n"
		   "touches:\n"
		   "  - {name: deal_created, at: import}\n");
	load(l, "x.csv", "id,rep\n1,Ann\n2,Zoe\n");
	assert_touches(l, "deal_created IMPORT deal=1 {boss:text=Mia, list_price:money=550.00 USD, "
			  "owner:text=Ann}\n"
			  "deal_created IMPORT deal=2 {owner:text=Zoe}\n");
	assert_has(notes(l), "1 row found no match in teams.csv; the first looked for \"Zoe\".");
	assert_has(notes(l), "none.csv does not lie beside the file");
	assert_has(notes(l), "2 rows did not say when it happened");
}

static void touches_about_nobody_keep_a_price_list(void **state)
{
	struct loading *l = *state;
	put_map(l,
		"kind: events\n"
		"columns: {product: {trait: product}, price: {trait: price, type: money, currency: EUR}}\n"
		"touches:\n"
		"  - {name: product_listed, about: nobody, at: import}\n");
	load(l, "x.csv", "product,price\nA,5\nB,7.5\n");
	assert_touches(l, "product_listed IMPORT {price:money=5.00 EUR, product:text=A}\n"
			  "product_listed IMPORT {price:money=7.50 EUR, product:text=B}\n");
	load(l, "x.csv", "product,price\nA,5\nB,7.5\n");
	counts(l, 2, 0, 2, 0);
}

static void a_row_for_which_no_touch_holds_is_rejected(void **state)
{
	struct loading *l = *state;
	put_map(l, "kind: people\ntouches:\n  - {name: person_updated, when: {email: a@b.de}}\n");
	load(l, "x.csv", "email\na@b.de\nb@b.de\n");
	counts(l, 2, 1, 0, 1);
	assert_has(rejects(l), "no touch follows from this row");
}

static void a_value_that_the_map_does_not_name_may_reject_the_row(void **state)
{
	struct loading *l = *state;
	put_map(l,
		"kind: people\ncolumns: {land: {field: country, values: {D: DE}, other: reject}}\n");
	load(l, "x.csv", "email,land\na@b.de,D\nb@b.de,X\n");
	counts(l, 2, 1, 0, 1);
	assert_has(rejects(l), "\"\"X\"\" is none of the values that the map names");
}

static void mistakes_are_told_with_line_and_column(void **state)
{
	static const struct {
		const char *map;
		const char *words;
	} CASES[] = {
		{ "kind: peple\n", "map.yaml:1:7: \"kind\" must be events" },
		{ "columns: {email: email}\n", "map.yaml:1:1: \"kind\" is missing" },
		{ "kind: people\ncolums: {}\n",
		  "map.yaml:2:1: unknown key \"colums\" (did you mean \"columns\"?)" },
		{ "kind: people\ncolumns:\n  emial: email\n", "map.yaml:3:10: " },
		{ "kind: people\ncolumns:\n  emial: email\n",
		  "has no column \"emial\" (did you mean \"email\"?)" },
		{ "kind: people\ncolumns:\n  email: emial\n",
		  "map.yaml:3:10: people have no field \"emial\" (did you mean \"email\"?); for a trait of that name "
		  "write {trait: emial}" },
		{ "kind: people\ncolumns:\n  email: email\n  x: email\n",
		  "is fed by column \"email\" already" },
		{ "kind: people\ncolumns:\n  x: {trait: x, typ: text}\n",
		  "unknown key \"typ\" (did you mean \"type\"?)" },
		{ "kind: people\ncolumns:\n  x: {trait: x, type: txt}\n",
		  "\"type\" must be text, number" },
		{ "kind: people\ncolumns:\n  x: {trait: x, field: email}\n",
		  "either a field or a trait" },
		{ "kind: people\ndelimiter: abc\n", "\"delimiter\" must be" },
		{ "kind: people\nencoding: latin\n", "\"encoding\" must be" },
		{ "kind: people\ncurrency: euro\n", "\"currency\" must be a code" },
		{ "kind: people\ndecimal: dot\n", "\"decimal\" must be point or comma" },
		{ "kind: people\nignore: [y]\n", "has no column \"y\"" },
		{ "kind: people\ntouches: []\n", "\"touches\" must name 1 to 64" },
		{ "kind: people\ntouches: [{at: x}]\n", "a touch needs a \"name\"" },
		{ "kind: people\ntouches: [{name: a, at: x}]\n",
		  "holds no dates that are recognised" },
		{ "kind: people\ntouches: [{name: a, at: y}]\n", "there is no column \"y\"" },
		{ "kind: people\ntouches: [{name: a, at: [import, x]}]\n",
		  "nothing can come after \"import\"" },
		{ "kind: people\ntouches: [{name: a, when: {y: 1}}]\n",
		  "there is no column \"y\"" },
		{ "kind: people\ntouches: [{name: a, when: {x: {is: 1}}}]\n",
		  "unknown key \"is\"" },
		{ "kind: people\ntouches: [{name: a, about: all}]\n", "\"about\" must be person" },
		{ "kind: people\ntouches: [{name: a, props: some}]\n",
		  "\"props\" must be all, none" },
		{ "kind: people\nlookups: [{file: ../t.csv, match: x, columns: {a: b}}]\n",
		  "without a folder" },
		{ "kind: people\nlookups: [{file: t.csv, match: x, columns: {a: b}}]\n",
		  "t.csv is not there" },
		{ "kind: [people\n", "map.yaml" },
		{ "- a\n", "a map file is a map of keys and values" },
	};
	struct loading *l = *state;
	for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
		put_map(l, CASES[i].map);
		bool ok = try_load(l, "x.csv", "email,x\na@b.de,hello\n");
		if (ok)
			fail_msg("taken: %s", CASES[i].map);
		assert_has(l->e.text, CASES[i].words);
		assert_int_equal(l->j.imports, 0);
	}
	l->o.map_path = "no-such-map.yaml";
	assert_fails(l, try_load(l, "x.csv", "email\na@b.de\n"), "no-such-map.yaml");
}

static void the_map_names_the_kind(void **state)
{
	struct loading *l = *state;
	put_map(l, "kind: people\n");
	kind(l, LOAD_DEALS);
	assert_fails(l, try_load(l, "x.csv", "email\na@b.de\n"),
		     "is a map for people, not for deals");
}

static void an_import_can_be_described_before_it_is_made(void **state)
{
	struct loading *l = *state;
	str text;
	const char *path = put(l, "p.csv",
			       "email,Lead Score,Became a Lead Date\na@b.de,1,2025-01-01\n");
	assert_true(load_describe(path, &l->o, &l->a, &text, &l->e));
	assert_has(str_cstr(&l->a, text),
		   "holds people.\n\"email\" is the field email (text).\n"
		   "\"Lead Score\" is kept as trait lead_score (number).\n"
		   "\"Became a Lead Date\" is the time at which stage lead was entered.\n"
		   "A row stands for person_updated, company_updated, stage_entered.\n");
}

static void a_preview_tells_columns_and_values(void **state)
{
	struct loading *l = *state;
	struct load_preview p;
	const char *path = put(l, "p.csv",
			       "email,Lead Score,Became a Lead Date\n"
			       "a@b.de,1,2025-01-01\nc@d.de,,2025-01-02\n");
	assert_true(load_preview(path, &l->o, &l->a, &p, &l->e));
	assert_true(p.kind_known && p.kind == LOAD_PEOPLE && p.problem.n == 0);
	assert_int_equal(p.columns_n, 3);
	assert_int_equal(p.rows_n, 2);
	assert_int_equal(p.columns[0].use, LOAD_USE_FIELD);
	assert_int_equal(p.columns[1].use, LOAD_USE_TRAIT);
	assert_string_equal(p.columns[1].type, "number");
	assert_int_equal(p.columns[2].use, LOAD_USE_STAGE_DATE);
	assert_true(str_eq(p.columns[2].key, S("lead")));
	assert_true(str_eq(p.columns[0].samples[1], S("c@d.de")));
	assert_int_equal(p.columns[1].samples[1].n, 0);
	assert_int_equal(l->j.imports, 0);
}

/* Nothing in these headers says what a row is: columns are told all the same, with the reason. */
static void a_file_that_needs_a_map_still_shows_its_columns(void **state)
{
	struct loading *l = *state;
	struct load_preview p;
	const char *path = put(l, "p.csv", "mql_id,origin\nx1,social\n");
	assert_true(load_preview(path, &l->o, &l->a, &p, &l->e));
	assert_false(p.kind_known);
	assert_has(str_cstr(&l->a, p.problem), "the headers do not say what it holds");
	assert_int_equal(p.columns_n, 2);
	assert_true(str_eq(p.columns[1].samples[0], S("social")));
	kind(l, LOAD_PEOPLE);
	assert_true(load_preview(path, &l->o, &l->a, &p, &l->e));
	assert_true(p.kind_known && p.problem.n > 0);
	assert_false(load_preview("no-such-file.csv", &l->o, &l->a, &p, &l->e));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_preview_tells_columns_and_values),
		TEST(a_file_that_needs_a_map_still_shows_its_columns),
		TEST(a_row_may_stand_for_several_touches),
		TEST(columns_are_translated_split_scaled_and_typed),
		TEST(a_second_file_adds_columns),
		TEST(touches_about_nobody_keep_a_price_list),
		TEST(a_row_for_which_no_touch_holds_is_rejected),
		TEST(a_value_that_the_map_does_not_name_may_reject_the_row),
		TEST(mistakes_are_told_with_line_and_column),
		TEST(the_map_names_the_kind),
		TEST(an_import_can_be_described_before_it_is_made),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
