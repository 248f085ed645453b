# What Varnish 7 keeps of the gateway's answers, and when it forgets them. Nothing here is yours to change: which gateway
# it asks and who may purge stands in local.vcl, which `varnishd -f` is given and which includes this file.
#
# One rule: an answer is kept only when the gateway says for how long (s-maxage) and under which key it is to be
# forgotten (Surrogate-Key), and only for a question that carries no credential. All else goes by.

import std;
import xkey;

sub vcl_recv {
    # For the log, instead of the path, which may hold a setup code, and of the method: where one request ends too early,
    # the rest of it is taken for the next one's.
    if (req.method ~ "^(GET|HEAD|POST|OPTIONS|PURGE)$") {
        std.log("method:" + req.method);
    } else {
        std.log("method:other");
    }
    if (req.url ~ "^/(graphql|setup|welcome|password|provisioning|sign-in|sign-out|docs|static|livez|readyz|metrics)(/|\?|$)") {
        std.log("route:" + regsub(req.url, "^(/[a-z-]+).*$", "\1"));
    } elseif (req.url ~ "^/(\?|$)") {
        std.log("route:/");
    } else {
        std.log("route:other");
    }
    call vcl_req_host;

    # All answers are small. Asked for a part, Varnish would fail what it does not keep wherever it cannot read the range.
    unset req.http.Range;

    if (req.method == "PURGE") {
        call gateway_may_purge;
        if (!req.http.Surrogate-Key) {
            return (synth(400, "No Surrogate-Key"));
        }
        if (req.http.Surrogate-Key == "all") {
            # Anything may have changed. What is stored is asked for again (304, mostly) before it is answered with.
            set req.http.X-Purged = xkey.softpurge("all");
        } else {
            set req.http.X-Purged = xkey.purge(req.http.Surrogate-Key);
        }
        return (synth(200, "Purged " + req.http.X-Purged));
    }
    if (req.method == "PRI" || req.method == "CONNECT" || req.method == "TRACE") {
        return (synth(405));
    }

    if ((req.method != "GET" && req.method != "HEAD") || req.url !~ "^/graphql\?") {
        return (pass);
    }
    # An app's own key is noted when it is used, and a page of another origin is answered with headers of its own.
    if (req.http.Authorization || req.http.Cookie || req.http.X-App-Key || req.http.Origin) {
        return (pass);
    }

    # What is stale is for the time when nobody else answers: while the probe fails, or when a fetch has just failed.
    if (req.restarts == 0 && std.healthy(req.backend_hint)) {
        set req.grace = 0s;
    } else {
        set req.grace = 10y;
    }
    return (hash);
}

sub vcl_backend_response {
    # An error must not take the place of an answer that may still be given. Without a condition of Varnish's own there
    # is none, and whoever asked is told what went wrong.
    if (beresp.status >= 500 && !bereq.uncacheable && bereq.http.If-None-Match) {
        return (abandon);
    }
    set beresp.grace = 0s;
    set beresp.keep = 0s;
    unset beresp.http.xkey;
    if (bereq.uncacheable
        || beresp.status != 200
        || !beresp.http.Surrogate-Key
        || beresp.http.Set-Cookie
        || beresp.http.Vary ~ "\*"
        || beresp.http.Cache-Control !~ "(^|[ ,])s-maxage=[0-9]+"
        || beresp.http.Cache-Control ~ "(?i)private|no-store|no-cache") {
        set beresp.uncacheable = true;
        set beresp.ttl = 10s;  # for so long requests like this one do not wait for each other
        return (deliver);
    }
    if (beresp.http.Cache-Control ~ "stale-if-error=[0-9]+") {
        set beresp.grace = std.duration(
            regsub(beresp.http.Cache-Control, "^.*stale-if-error=([0-9]+).*$", "\1s"), 0s);
    }
    set beresp.http.xkey = beresp.http.Surrogate-Key + " all";
    return (deliver);
}

sub vcl_backend_error {
    if (!bereq.uncacheable && bereq.http.If-None-Match) {
        return (abandon);
    }
    set beresp.http.Cache-Control = "private, no-store";
    set beresp.http.Retry-After = "5";
    set beresp.http.Content-Type = "text/plain; charset=utf-8";
    set beresp.body = "The gateway cannot be reached.";
    if (bereq.url ~ "^/graphql") {
        set beresp.http.Content-Type = "application/json; charset=utf-8";
        set beresp.body = """{"errors":[{"message":"The gateway cannot be reached.","extensions":{"code":"UNAVAILABLE"}}]}""";
    }
    return (deliver);
}

sub vcl_deliver {
    unset resp.http.xkey;
    if (obj.hits > 0 && obj.ttl <= 0s) {
        set resp.http.Gateway-Stale = resp.http.Age;
    }
    return (deliver);
}

sub vcl_synth {
    # A fetch was abandoned for the sake of what is stored: answer with that.
    if (resp.status == 503 && req.restarts == 0) {
        return (restart);
    }
    set resp.http.Content-Type = "text/plain; charset=utf-8";
    set resp.http.Cache-Control = "private, no-store";
    set resp.body = resp.reason + {"
"};
    return (deliver);
}
