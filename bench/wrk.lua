-- Sends the requests of the file that BENCH_REQUESTS names, one after the other, and says what came of them as JSON.
-- A line holds a cookie, a path, and for a POST its body, with tabs between. With BENCH_EXPECT, a pattern that every
-- answer's "status location" matches, each is sent once, and the first that does not match ends it all.
local expected, sent, thread = os.getenv("BENCH_EXPECT"), 0, nil
local requests = {}
wrong, answered = "", 0

function setup(its)
    thread = its
end

function init()
    for line in io.lines(os.getenv("BENCH_REQUESTS")) do
        local cookie, path, body = line:match("^([^\t]*)\t([^\t]*)\t?(.*)$")
        local headers = { Host = "localhost", Cookie = cookie }
        if body ~= "" then
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            requests[#requests + 1] = wrk.format("POST", path, headers, body)
        else
            requests[#requests + 1] = wrk.format("GET", path, headers)
        end
    end
end

function request()
    if expected and sent == #requests then
        wrong = "there are no more of the " .. sent .. " requests"
        wrk.thread:stop()
    end
    sent = sent + 1
    return requests[(sent - 1) % #requests + 1]
end

if expected then
    function response(status, headers)
        local said = status .. " " .. (headers["Location"] or "")
        answered = answered + 1
        if not said:match(expected) then
            wrong = "an answer is " .. said
            wrk.thread:stop()
        end
    end
end

function done(summary, latency)
    local errors = summary.errors
    local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
    io.write(string.format(
        '{"rate": %f, "p50": %f, "p99": %f, "bytes": %f, "failed": %d, "requests": %d, "wrong": "%s"}\n',
        summary.requests / summary.duration * 1e6, latency:percentile(50), latency:percentile(99),
        summary.bytes / math.max(summary.requests, 1), failed, summary.requests, thread:get("wrong")
    ))
end
