/*
 * cli_person_erase.c - a person erased from the command line.
 *
 * Promises:     nothing is erased without --yes; what happens and what stays is said before. Works
 *               beside a running server.
 * Threads:      one at a time.
 */
#include "cli/cli_person_int.h"

static bool erase_now(struct cli *c, const struct args *a, struct journal *j, uint64_t person,
		      err *e)
{
	struct erasure x = { .person = person, .by = cli_by(c) };
	uint64_t waiting = 0;
	if (!journal_erase(j, &x, e))
		return false;
	buf_cstr(&c->out, "Erased: ");
	put_plural(&c->out, x.touches, "touch", "touches");
	buf_cstr(&c->out, " and ");
	put_plural(&c->out, x.profiles, "id", "ids");
	buf_cstr(&c->out, " are in no answer any more.\n");
	if (args_text(a, "now") == NULL) {
		buf_cstr(&c->out, "The files of the archive are written anew without them within "
				  "a day; trichter status tells.\n");
		return true;
	}
	if (!journal_erase_finish(j, &waiting, e))
		return err_prefix(e, "erased, but not from the files of the archive yet");
	buf_cstr(&c->out, waiting ? "An import that is open keeps some of them in the files until "
				    "it is finished.\n"
				  : "Nothing of them is left in the journal's files.\n");
	return true;
}

static bool person_of(struct cli *c, const char *word, uint64_t *person_r, bool *found_r, err *e)
{
	struct snapshot *s = NULL;
	if (!snapshot_open(c->data, 0, &s, e))
		return false;
	*found_r = people_find(snapshot_people(s), ENTITY_PERSON, str_of(word), person_r);
	snapshot_close(&s);
	return true;
}

enum cli_status person_erase(struct cli *c, const struct args *a)
{
	struct journal *j = NULL;
	uint64_t person = 0;
	bool found = false;
	err e = { 0 };
	if (a->words_n != 2) {
		err_set(&e, ERR_INVALID, "erase takes one person");
		return cli_usage(a, &e);
	}
	/* Of nobody nothing is made, and no journal is waited for. */
	if (!person_of(c, a->words[1], &person, &found, &e))
		return cli_fail(&e);
	if (!found) {
		cli_note("trichter: nobody has the e-mail address, id or number \"%s\"",
			 a->words[1]);
		return CLI_NEGATIVE;
	}
	if (args_text(a, "yes") == NULL) {
		err_set(&e, ERR_INVALID,
			"person %llu would be erased for ever: all their touches, ids and values, "
			"for every date; deals and companies stay, without them. Say --yes to do it",
			(unsigned long long)person);
		return cli_usage(a, &e);
	}
	if (!journal_join(c->data, &j, &e))
		return cli_fail(&e);
	bool ok = erase_now(c, a, j, person, &e);
	journal_close(&j);
	return ok ? CLI_DONE : cli_fail(&e);
}
