/*
 * test_memory.c - every allocation of an import fails once: a clean error, no leak, no crash.
 */
#include "unit/load/load_test.h"

/* Fails the 1st, 2nd, ... allocation until the load goes through. */
static void fail_each(struct loading *l, const char *path)
{
	for (uint64_t n = 1;; n++) {
		fake_fini(&l->j);
		arena_fini(&l->a);
		fake_init(&l->j);
		mem_fail_at(n);
		l->e = (err){ 0 };
		bool ok = load_file(l->dir, &l->j, path, &l->o, &l->a, &l->r, &l->e);
		bool failed = mem_failed();
		mem_fail_at(0);
		if (ok && !failed) {
			assert_true(n > 20);
			return;
		}
		/* A note may be missing for want of memory; anything else is said. */
		if (!ok && l->e.code != ERR_NOMEM)
			fail_msg("allocation %llu: %s: %s", (unsigned long long)n,
				 err_code_name(l->e.code), l->e.text);
		assert_true(n < 100000);
	}
}

static char kept[2][300];

static void keep(struct loading *l, size_t i, const char *name, const char *content)
{
	snprintf(kept[i], sizeof kept[i], "%s", put(l, name, content));
}

static void a_table_with_rejects_and_traits(void **state)
{
	struct loading *l = *state;
	keep(l, 0, "p.csv",
	     "external_id,email,company_name,company_employees,lifecycle_stage,Became a Lead Date,tags\n"
	     "1,a@b.de,B,5,odd,2025-01-01,a;b\n2,broken,B,5,,2025-01-01,c\n3,c@b.de,C,5,mql,,d\n");
	fail_each(l, kept[0]);
	counts(l, 3, 2, 0, 1);
}

static void a_map_with_a_lookup(void **state)
{
	struct loading *l = *state;
	put(l, "teams.csv", "agent,manager\nAnn,Mia\n");
	keep(l, 1, "map.yaml",
	     "kind: deals\ncurrency: USD\ncolumns: {id: external_id, rep: owner, x: {trait: x, values: {a: b}}}\n"
	     "lookups: [{file: teams.csv, match: rep, their: agent, columns: {manager: boss}}]\n"
	     "touches: [{name: deal_created, at: import, when: {rep: {filled: yes}}, set: {a: 1}}]\n");
	l->o.map_path = kept[1];
	keep(l, 0, "d.csv", "id,rep,x\n1,Ann,a\n2,Bob,c\n");
	fail_each(l, kept[0]);
}

static void segment_messages_and_json_rows(void **state)
{
	struct loading *l = *state;
	keep(l, 0, "s.jsonl",
	     "{\"type\":\"track\",\"userId\":\"u1\",\"event\":\"X\",\"timestamp\":\"2025-01-02T10:00:00Z\","
	     "\"properties\":{\"a\":{\"b\":[1,2]}}}\n[1]\n");
	fail_each(l, kept[0]);
	keep(l, 0, "p.jsonl",
	     "{\"email\":\"a@b.de\",\"tags\":[\"a\",1]}\n{\"email\":\"c@b.de\",\"more\":true}\n");
	fail_each(l, kept[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_table_with_rejects_and_traits),
		TEST(a_map_with_a_lookup),
		TEST(segment_messages_and_json_rows),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
