/*
 * api_erase.c - erasing a person.
 *
 * What it is:   POST /people/{id}/erase. The files of the archive follow within a day (journal/).
 * Promises:     who did it, and when, stands in the audit log; who it was does not.
 * Threads:      workers.
 */
#include "server/auth_actor_int.h"
#include "server/work_int.h"

static bool erase(struct request *q, struct answer *a, err *e)
{
	struct erasure x = { .by = q->actor.name };
	struct json_writer w;
	if (!work_number(q, 0, &x.person, e) || !journal_erase(server_journal(q->server), &x, e))
		return false;
	audit_request(q, "person_erased", q->actor.user, q->actor.name, S(""));
	json_writer_init(&w, &a->body, false);
	json_object_open(&w);
	json_key(&w, S("seq"));
	json_put_uint(&w, x.seq);
	json_key(&w, S("touches"));
	json_put_uint(&w, x.touches);
	json_key(&w, S("ids"));
	json_put_uint(&w, x.profiles);
	json_key(&w, S("kept"));
	json_put_uint(&w, x.kept);
	json_object_close(&w);
	return true;
}

static const struct route_param by_id[] = {
	{ .name = "id",
	  .in = "path",
	  .schema = "{\"type\":\"integer\",\"minimum\":1}",
	  .help = "The number of the person",
	  .required = true },
	{ .name = NULL },
};

static const struct route rows[] = {
	{ .method = "POST",
	  .pattern = "/api/v1/people/{id}/erase",
	  .may = MAY_CONFIGURE,
	  .where = HTTP_WORKER,
	  .body_bytes_max = KIB,
	  .run = erase,
	  .id = "erasePerson",
	  .tag = "work",
	  .summary = "Erase a person for ever: at once from every answer, within a day from every "
		     "file",
	  .params = by_id,
	  .answer_schema =
		  "{\"type\":\"object\",\"required\":[\"seq\",\"touches\",\"ids\",\"kept\"],"
		  "\"properties\":{\"seq\":{\"type\":\"integer\"},\"touches\":{\"type\":"
		  "\"integer\"},\"ids\":{\"type\":\"integer\"},\"kept\":{\"type\":\"integer\","
		  "\"description\":\"Touches that stay with a deal or a company, without the "
		  "person\"}}}" },
};
const struct route_list routes_erase = { rows, ARRAY_LEN(rows) };
