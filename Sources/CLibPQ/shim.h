#ifndef CLIBPQ_SHIM_H
#define CLIBPQ_SHIM_H

#include <libpq-fe.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>

// The flags are an enumeration that Swift imports apart from the function's argument.
static inline int clibpq_eventfd(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

// Functions with a variable number of arguments are not, either.
static inline void clibpq_name_thread(const char *name) { prctl(PR_SET_NAME, name); }

// The one notice that counts: the server has stopped waiting for its standby, and calls the commit done all the same. Its
// text is translated, the function that it comes from isn't. Without this libpq writes notices to the standard error.
static inline void clibpq_take_notice(void *flag, const PGresult *notice) {
    const char *function = PQresultErrorField(notice, PG_DIAG_SOURCE_FUNCTION);
    if (function && strcmp(function, "SyncRepWaitForLSN") == 0) *(int *)flag = 1;
}
static inline void clibpq_watch_notices(PGconn *connection, int *flag) {
    PQsetNoticeReceiver(connection, clibpq_take_notice, flag);
}

#endif
