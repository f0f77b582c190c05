-- wrk: one signed body, sent again and again; the reply is not looked at.
wrk.method = "POST"
wrk.body = "@BODY@"
wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"
