/*
 * fast_cursor.c - the subjects of one segment, a window of them at a time.
 *
 * What it is:   numbers and counts of touches, unpacked, with the row at which the touches begin.
 * Data from:    the segment's table of subjects; that numbers rise and counts do not lead outside
 * of the touches is checked here. Threads:      belongs to a worker.
 */
#include "funnel/fast_kit_int.h"

/* Where the touches of each begin; checked, so that a damaged table cannot lead outside of them. No
 * sum of a window's counts wraps: each is at most the touches of the segment. */
static bool window_sum(struct cursor *c, err *e)
{
	const uint64_t rows = c->p->rows;
	uint64_t row = c->row;
	bool wrong = c->subject[0] < 0;
	for (size_t i = 1; i < c->window_n; i++)
		wrong |= c->subject[i] <= c->subject[i - 1];
	for (size_t i = 0; i < c->window_n; i++)
		wrong |= (uint64_t)c->count[i] > rows;
	for (size_t i = 0; i < c->window_n; i++) {
		c->begin[i] = row;
		row += (uint64_t)c->count[i];
	}
	c->begin[c->window_n] = row;
	return (!wrong && row <= rows) ||
	       err_set(e, ERR_CORRUPT,
		       "%s: the table of subjects does not fit the touches near subject %ju",
		       colfile_path(segment_file(c->p->s->segment)), (uintmax_t)c->next);
}

static bool window_read(struct cursor *c, err *e)
{
	const struct segment *s = c->p->s->segment;
	c->window_at = c->next;
	c->window_n = (size_t)MIN(c->p->subjects - c->next, (uint64_t)WINDOW_ROWS);
	return column_ints(segment_subject(s), c->next, c->window_n, c->subject, e) &&
	       column_ints(segment_count(s), c->next, c->window_n, c->count, e) && window_sum(c, e);
}

bool cursor_load(struct cursor *c, bool *more_r, err *e)
{
	*more_r = c->next < c->p->subjects;
	if (!*more_r || c->next < c->window_at + c->window_n)
		return true;
	return window_read(c, e);
}

bool cursor_seek(struct cursor *c, const struct prepared *p, uint64_t lo, err *e)
{
	const struct column *subjects = segment_subject(p->s->segment);
	size_t low = 0, high = column_blocks(subjects);
	struct column_block b;
	bool more = true;
	while (high - low > 1) { /* the last block that begins at or below `lo` */
		size_t mid = low + (high - low) / 2;
		column_peek(subjects, mid, &b);
		if ((uint64_t)b.min <= lo)
			low = mid;
		else
			high = mid;
	}
	c->p = p;
	c->next = (uint64_t)low * COLFILE_BLOCK_ROWS;
	c->row = segment_begin(p->s->segment, low);
	c->window_at = c->window_n = 0;
	if (c->row > p->rows)
		return err_set(e, ERR_CORRUPT, "%s: subjects begin behind the last touch",
			       colfile_path(segment_file(p->s->segment)));
	while (cursor_load(c, &more, e)) {
		size_t i = (size_t)(c->next - c->window_at);
		if (!more || (uint64_t)c->subject[i] >= lo)
			return true;
		c->row += (uint64_t)c->count[i];
		c->next++;
	}
	return false;
}

uint64_t cursor_bound(const struct cursor *c, uint64_t batch_touches)
{
	size_t first = (size_t)(c->next - c->window_at);
	size_t low = first + 1, high = c->window_n;
	uint64_t most = c->begin[first] + batch_touches;
	while (low < high) { /* as many as have no more together, but at least one */
		size_t mid = low + (high - low) / 2;
		if (c->begin[mid + 1] <= most)
			low = mid + 1;
		else
			high = mid;
	}
	return low < c->window_n ? (uint64_t)c->subject[low]
				 : (uint64_t)c->subject[c->window_n - 1] + 1;
}
