-- Posts one form over and over. The form and the credential come by environment, so that no process list shows a secret.
-- With BENCH_CREDENTIALS, a file of one Authorization value a line, the requests go through the lines in turn; so with BENCH_BODIES, a
-- file of one form a line.
wrk.method = "POST"
wrk.body = os.getenv("BENCH_BODY")
wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"
wrk.headers["Host"] = os.getenv("BENCH_HOST")
wrk.headers["Authorization"] = os.getenv("BENCH_AUTHORIZATION")

local credentials, bodies = os.getenv("BENCH_CREDENTIALS"), os.getenv("BENCH_BODIES")
if credentials or bodies then
  local requests, next = {}, 0

  function init()
    for line in io.lines(credentials or bodies) do
      if credentials then
        wrk.headers["Authorization"] = line
      else
        wrk.body = line
      end
      requests[#requests + 1] = wrk.format()
    end
  end

  function request()
    next = next % #requests + 1
    return requests[next]
  end
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '\njson {"requests":%d,"micros":%d,"p50_micros":%d,"p99_micros":%d,"refused":%d,"failed":%d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
