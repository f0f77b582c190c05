<?php
// Reads lines "name value" in base64 and answers each with the form that
// http_build_query makes of it, in base64, and the hash of the request.
$login = $argv[1];
$key = $argv[2];
while (($line = fgets(STDIN)) !== false) {
    $parts = explode(' ', rtrim($line, "\n"));
    $form = ['bill_id' => '100000', base64_decode($parts[0], true) => base64_decode($parts[1], true), 'z' => ''];
    $query = http_build_query($form);
    echo base64_encode($query), ' ', md5($query . '::' . $login . '::' . $key), "\n";
}
