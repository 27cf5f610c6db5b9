/*
 * remote_int.h - a journal that another process holds, and the other side of it.
 */
#ifndef TRICHTER_JOURNAL_REMOTE_INT_H
#define TRICHTER_JOURNAL_REMOTE_INT_H

#include "base/thread.h"
#include "journal/wire_int.h"

/* ---- the command's side: calls go over the socket -------------------------------------------- */

struct remote;
/* ERR_NOT_FOUND: no server has the directory. */
bool remote_open(const char *dir, struct remote **r_r, err *e) MUST_CHECK;
void remote_close(struct remote **r);
/* Has the job done there, and puts into it what became of it. ERR_UNCERTAIN when the answer never
 * came. */
struct job;
bool remote_run(struct remote *r, struct job *job, err *e) MUST_CHECK;

/* ---- the server's side: calls come in ---------------------------------------------------------
 */

struct listener;
bool listener_start(struct journal *j, const char *dir, struct listener **l_r, err *e) MUST_CHECK;
/* Calls that were taken are answered; nobody new is let in. */
void listener_stop(struct listener **l);

#endif
