<?php
// The whole job with PHP's curl_multi: a window of requests, every reply
// verified, a report line for every row. No journal.
[$script, $manifest, $report, $url, $login, $key, $window] = $argv;

$in = fopen($manifest, 'r');
$out = fopen($report, 'w');
$columns = fgetcsv($in, 0, ',', '"', '');
$multi = curl_multi_init();
curl_multi_setopt($multi, CURLMOPT_MAXCONNECTS, (int) $window);
$rows = [];

function start(CurlHandle $handle): bool
{
    global $in, $columns, $multi, $rows, $login, $key;
    $cells = fgetcsv($in, 0, ',', '"', '');
    if ($cells === false) {
        return false;
    }
    $row = array_combine($columns, $cells);
    $query = http_build_query($row);
    curl_setopt($handle, CURLOPT_POSTFIELDS, $query . '&hash=' . md5("$query::$login::$key"));
    curl_multi_add_handle($multi, $handle);
    $rows[spl_object_id($handle)] = $row;
    return true;
}

function finish(CurlHandle $handle): void
{
    global $out, $rows, $key;
    $row = $rows[spl_object_id($handle)];
    $reply = json_decode(curl_multi_getcontent($handle));
    $good = is_object($reply)
        && $reply->hash === md5("$reply->error_code::$reply->error_text::$key");
    $result = $good && $reply->error_code === 0 ? 'success' : 'failure';
    fputcsv($out, [...array_values($row), $result, $reply->error_code ?? '', $reply->error_text ?? ''], ',', '"', '');
}

for ($i = 0; $i < (int) $window; $i++) {
    $handle = curl_init($url);
    curl_setopt_array($handle, [
        CURLOPT_POST => true,
        CURLOPT_RETURNTRANSFER => true,
        CURLOPT_HTTPHEADER => ['Content-Type: application/x-www-form-urlencoded', 'Expect:'],
    ]);
    if (!start($handle)) {
        break;
    }
}
do {
    $status = curl_multi_exec($multi, $running);
    while ($info = curl_multi_info_read($multi)) {
        $handle = $info['handle'];
        finish($handle);
        curl_multi_remove_handle($multi, $handle);
        if (start($handle)) {
            $running++;
        }
    }
    if ($running) {
        curl_multi_select($multi, 1.0);
    }
} while ($running && $status === CURLM_OK);
fclose($out);
