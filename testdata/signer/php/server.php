<?php
// Checks a request as the service does: the hash must be that of the form as
// PHP received it, without the hash and in the order of arrival. What arrived
// goes back in base64, for it may be no text.
$key = getenv('KEY');
$form = $_POST;
$hash = $form['hash'] ?? '';
unset($form['hash']);
$right = md5(http_build_query($form) . '::' . getenv('LOGIN') . '::' . $key);
$code = hash_equals($right, $hash) ? 0 : 4;
$text = $code === 0 ? $form['rpo'] : 'incorrect hash';
$arrived = [];
foreach ($form as $name => $value) {
    $arrived[] = [base64_encode($name), base64_encode($value)];
}
header('Content-Type: application/json');
echo json_encode([
    'error_code' => $code,
    'error_text' => $text,
    'result' => $arrived,
    'hash' => md5($code . '::' . $text . '::' . $key),
]);
