-- Sends one of the prepared requests at random. BENCH_REQUESTS names a file that returns them in a table.
local requests = dofile(os.getenv("BENCH_REQUESTS"))
local prefix, suffix = requests.prefix, requests.suffix
local number = 0

function init()
  math.randomseed(tonumber(os.getenv("BENCH_SEED")))
  number = math.random(1, 900000000)
end

if prefix then
  -- Each a document that was never seen before.
  function request()
    number = number + 1
    return prefix .. string.format("%010d", number) .. suffix
  end
else
  function request()
    return requests[math.random(1, #requests)]
  end
end

function done(summary, latency)
  local failed = summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout
  io.write(string.format(
    '\nBENCH {"requests": %d, "microseconds": %d, "failed": %d, "refused": %d, "p50": %d, "p99": %d}\n',
    summary.requests, summary.duration, failed, summary.errors.status,
    latency:percentile(50), latency:percentile(99)))
end
