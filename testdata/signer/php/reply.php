<?php
// Reads lines "code text" in base64 and answers each with signed replies as
// json_encode writes them, in base64: the code as an integer and as a string,
// other letters escaped and as they are.
$key = $argv[1];
while (($line = fgets(STDIN)) !== false) {
    [$code, $text] = array_map('base64_decode', explode(' ', rtrim($line, "\n")));
    $hash = md5($code . '::' . $text . '::' . $key);
    $reply = ['error_code' => (int) $code, 'error_text' => $text, 'hash' => $hash];
    $other = ['hash' => $hash, 'result' => [], 'error_text' => $text, 'error_code' => $code];
    echo base64_encode(json_encode($reply)), ' ',
        base64_encode(json_encode($other, JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES | JSON_PRETTY_PRINT)), "\n";
}
