/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tracepoints: every message, and every state of session and channels. Numbers
 * only; payload carries credentials and is never traced.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM amt_lme

#if !defined(LME_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define LME_TRACE_H

#include <linux/tracepoint.h>

#include "apf.h"
#include "session.h"

DECLARE_EVENT_CLASS(apf_message,
	TP_PROTO(u8 type, size_t len),
	TP_ARGS(type, len),
	TP_STRUCT__entry(
		__field(u8, type)
		__field(u32, len)
	),
	TP_fast_assign(
		__entry->type = type;
		__entry->len = len;
	),
	TP_printk("type=%u len=%u", __entry->type, __entry->len)
);

DEFINE_EVENT(apf_message, apf_rx,
	TP_PROTO(u8 type, size_t len),
	TP_ARGS(type, len)
);

DEFINE_EVENT(apf_message, apf_tx,
	TP_PROTO(u8 type, size_t len),
	TP_ARGS(type, len)
);

TRACE_EVENT(lme_session_state,
	TP_PROTO(u32 generation, u32 from, u32 to),
	TP_ARGS(generation, from, to),
	TP_STRUCT__entry(
		__field(u32, generation)
		__field(u32, from)
		__field(u32, to)
	),
	TP_fast_assign(
		__entry->generation = generation;
		__entry->from = from;
		__entry->to = to;
	),
	TP_printk("generation=%u from=%u to=%u", __entry->generation,
		  __entry->from, __entry->to)
);

TRACE_EVENT(lme_channel_state,
	TP_PROTO(u32 id, u32 port, u32 from, u32 to, int error),
	TP_ARGS(id, port, from, to, error),
	TP_STRUCT__entry(
		__field(u32, id)
		__field(u32, port)
		__field(u32, from)
		__field(u32, to)
		__field(int, error)
	),
	TP_fast_assign(
		__entry->id = id;
		__entry->port = port;
		__entry->from = from;
		__entry->to = to;
		__entry->error = error;
	),
	TP_printk("id=%u port=%u from=%u to=%u error=%d", __entry->id,
		  __entry->port, __entry->from, __entry->to, __entry->error)
);

#endif /* LME_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
