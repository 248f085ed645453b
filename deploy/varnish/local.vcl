vcl 4.1;

# Yours to change: where the gateway is, and who may purge.

backend gateway {
    .host = "127.0.0.1";
    .port = "8000";
    .connect_timeout = 1s;
    .first_byte_timeout = 15s;
    .between_bytes_timeout = 15s;
    .probe = {
        .url = "/livez";
        .interval = 1s;
        .timeout = 1s;
        .window = 3;
        .threshold = 2;
        .initial = 2;
    }
}

acl purgers {
    "127.0.0.1";
    "::1";
}

sub gateway_may_purge {
    # Whoever comes through another proxy has that one's address: X-Forwarded-For then names more than the peer.
    if (client.ip !~ purgers || req.http.X-Forwarded-For != "" + client.ip) {
        return (synth(403));
    }
    # With GATEWAY_PURGE_TOKEN set, the same token here. Keep this file readable by varnish alone.
    # if (req.http.Authorization != "Bearer the-token-of-at-least-32-characters") {
    #     return (synth(403));
    # }
}

include "gateway.vcl";
