/*
 * cli_person_hand.c - people joined and separated from the command line.
 *
 * Promises:     who did it and why is recorded. Works beside a running server.
 * Threads:      one at a time.
 */
#include "cli/cli_person_int.h"

#include "base/num.h"

/* The profile that a word names: that of the id, not the person's own number. */
static bool profile_of(struct cli *c, struct people *p, const char *word, uint64_t subject,
		       uint64_t *profile_r, err *e)
{
	struct subject_view v;
	str text = str_trim(str_of(word));
	if (!people_view(p, subject, &c->arena, &v, e))
		return false;
	str email = email_normalise(&c->arena, text);
	for (size_t i = 0; i < v.ids_n; i++) {
		const struct profile_id *id = &v.ids[i];
		if (str_eq(id->value, text) || str_eq(id_text(id, &c->arena), text) ||
		    (id->kind == ID_EMAIL && email.n > 0 && str_eq(id->value, email))) {
			*profile_r = id->profile;
			return true;
		}
	}
	return num_parse_u64(text, profile_r) ||
	       err_set(e, ERR_NOT_FOUND, "\"%s\" is no id of a profile", word);
}

static bool by_hand(struct cli *c, const struct args *a, struct journal *j, struct people *people,
		    const uint64_t numbers[2], err *e)
{
	const char *why = args_text(a, "why");
	str reason = str_of(why);
	uint64_t profile = 0;
	if (numbers[1] > 0) {
		if (numbers[0] == numbers[1])
			return err_set(e, ERR_CONFLICT, "they are one person already");
		if (!people_merge(j, numbers[0], numbers[1], cli_by(c), reason, e))
			return false;
		buf_printf(&c->out, "%s and %s are one person now.\n", a->words[1], a->words[2]);
		return true;
	}
	if (!profile_of(c, people, a->words[1], numbers[0], &profile, e) ||
	    !people_unmerge(j, profile, cli_by(c), reason, e))
		return false;
	buf_printf(&c->out, "%s is a person of its own now (profile %llu).\n", a->words[1],
		   (unsigned long long)profile);
	return true;
}

enum cli_status person_join_by_hand(struct cli *c, const struct args *a, bool merge)
{
	struct journal *j = NULL;
	struct snapshot *snapshot = NULL;
	uint64_t numbers[2] = { 0, 0 };
	err e = { 0 };
	if (a->words_n != (merge ? 3 : 2)) {
		err_set(&e, ERR_INVALID,
			merge ? "merge takes two people" : "unmerge takes one id of a person");
		return cli_usage(a, &e);
	}
	/* Another process may hold the journal; who is meant is looked up in a snapshot. */
	if (!journal_join(c->data, &j, &e) || !snapshot_open(c->data, 0, &snapshot, &e)) {
		journal_close(&j);
		return cli_fail(&e);
	}
	struct people *people = snapshot_people(snapshot);
	enum cli_status status = CLI_DONE;
	for (size_t i = 1; i < a->words_n && status == CLI_DONE; i++) {
		if (people_find(people, ENTITY_PERSON, str_of(a->words[i]), &numbers[i - 1]))
			continue;
		cli_note("trichter: nobody has the e-mail address, id or number \"%s\"",
			 a->words[i]);
		status = CLI_NEGATIVE;
	}
	if (status == CLI_DONE && !by_hand(c, a, j, people, numbers, &e))
		status = cli_fail(&e);
	snapshot_close(&snapshot);
	journal_close(&j);
	return status;
}
