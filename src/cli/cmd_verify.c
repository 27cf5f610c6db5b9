/*
 * cmd_verify.c - trichter verify: the journal played again, and compared.
 *
 * Threads:      one at a time.
 */
#include "cli/cli_int.h"

static const struct option options[] = {
	OPTION("format", "FORMAT", "table (words) or json"),
	OPTIONS_END,
};
static const struct example examples[] = {
	{ "verify", "reads every page and checksum, replays, compares" },
	EXAMPLES_END,
};
static enum cli_status run(struct cli *c, const struct args *a);
const struct command command_verify = {
	.name = "verify",
	.words = "",
	.summary = "proves that what is shown follows from what was recorded",
	.about = "Reads every page and checksum of the ledger, plays the journal again from its "
		 "beginning and compares the result with what is stored. One sentence per "
		 "difference; exit status 1 when there is any.",
	.options = options,
	.examples = examples,
	.run = run,
};

struct differences {
	struct cli *cli;
	struct json_writer json;
	bool as_json;
};

static void say(void *arg, const char *sentence)
{
	struct differences *d = arg;
	if (d->as_json) {
		json_put_text(&d->json, str_of(sentence));
		return;
	}
	text_put_clean(&d->cli->out, str_of(sentence));
	buf_byte(&d->cli->out, '\n');
}

static enum cli_status run(struct cli *c, const struct args *a)
{
	static const char *const formats[] = { "table", "json", NULL };
	struct differences d = { .cli = c };
	uint64_t differences = 0;
	uint64_t touches = 0;
	size_t format = 0;
	err e = { 0 };
	if (!args_choice(a, "format", formats, 0, &format, &e))
		return cli_usage(a, &e);
	d.as_json = format == 1;
	json_writer_init(&d.json, &c->out, false);
	if (d.as_json) {
		json_object_open(&d.json);
		json_key(&d.json, S("sentences"));
		json_array_open(&d.json);
	}
	if (!journal_verify(c->data, say, &d, &differences, &touches, &e)) {
		buf_clear(&c->out);
		return cli_fail(&e);
	}
	if (d.as_json) {
		json_array_close(&d.json);
		json_key(&d.json, S("touches"));
		json_put_uint(&d.json, touches);
		json_key(&d.json, S("differences"));
		json_put_uint(&d.json, differences);
		json_object_close(&d.json);
		buf_byte(&c->out, '\n');
	} else {
		put_plural(&c->out, touches, "touch replayed", "touches replayed");
		buf_cstr(&c->out, ", ");
		if (differences == 0)
			buf_cstr(&c->out, "no difference.\n");
		else
			put_plural(&c->out, differences, "difference.\n", "differences.\n");
	}
	return differences > 0 ? CLI_NEGATIVE : CLI_DONE;
}
