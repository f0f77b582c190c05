package api

import (
	"fmt"

	"billmark/batch"
)

// code is one line of the service's table of codes.
type code struct {
	stop bool
	// What a clerk reads: half a sentence, without a full stop.
	en, ru string
}

// codes are those that Update and Details can answer with, by the service's
// published table, which says of itself that it will grow.
//
// Those that are about the account stop a run: every row would meet them, and
// the service may block an account whose program keeps knocking.
var codes = map[string]code{
	"0":   {false, "done", "выполнено"},
	"1":   {true, "the API got no hash with the request", "API не получил хеш-подпись запроса"},
	"2":   {true, "the API got no data with the request", "API не получил данных запроса"},
	"3":   {false, "the API found something wrong in the row's data", "API нашёл ошибку в данных строки"},
	"4":   {true, "the API does not accept this login or key", "API не принимает этот логин или ключ"},
	"5":   {true, "the API does not know this login or key", "API не знает этого логина или ключа"},
	"6":   {true, "the API does not allow this machine's address", "API не разрешает доступ с адреса этой машины"},
	"7":   {true, "the account is disabled", "аккаунт отключён"},
	"8":   {true, "the API's limit for this address is used up, or API functions are off for the account", "лимит API для этого адреса исчерпан, или функции API отключены для аккаунта"},
	"200": {false, "there is no such order", "такого заказа нет"},
	"201": {false, "the API does not know this status", "API не знает такого статуса"},
	"202": {false, "the order was not marked as paid: the service refused the payment", "заказ не отмечен оплаченным: сервис отказал в оплате"},
	"203": {false, "the API got no order number", "API не получил номер заказа"},
	"302": {false, "there is no such order", "такого заказа нет"},
	"303": {false, "the API does not know this status", "API не знает такого статуса"},
	"400": {false, "there is no such order", "такого заказа нет"},
}

// Judge is a Job's Meaning: it says what a verified reply's error_code means. An unknown code is a no
// for its row, and the run goes on.
func Judge(errorCode string) batch.Meaning {
	switch {
	case errorCode == "0":
		return batch.Meaning{Class: batch.Confirmed}
	case codes[errorCode].stop:
		return batch.Meaning{Class: batch.Unsent, Stop: true}
	}
	return batch.Meaning{Class: batch.Rejected}
}

// Words says an error_code in a clerk's words: half a sentence, beginning with
// a small letter. lang is "en" or "ru"; any other is taken for "en". A code
// that is not in the table is named.
func Words(errorCode, lang string) string {
	c, known := codes[errorCode]
	switch {
	case known && lang == "ru":
		return c.ru
	case known:
		return c.en
	case lang == "ru":
		return fmt.Sprintf("API ответил отказом с неизвестным кодом %s", errorCode)
	}
	return fmt.Sprintf("the API said no, with the unknown code %s", errorCode)
}
