package report

import "billmark/batch"

// phrases are the words of one language. %d in a reason is a line of the
// manifest.
type phrases struct {
	done      string
	later     string // after a confirmed update that is not the newest: a status
	same      string // a line, and what is true of it
	apiSays   string // our words, then the service's
	atTheDoor string // what a code means, and the code
	classes   map[batch.Class]string
	reasons   map[batch.Reason]string
}

func phrasesIn(lang string) *phrases {
	if lang == "ru" {
		return &russian
	}
	return &english
}

var english = phrases{
	done:      "done",
	later:     "; changed to %s since",
	same:      "the same update as line %d: %s",
	apiSays:   "%s (the API says: %s)",
	atTheDoor: "%s (code %s); this update was not carried out",
	classes: map[batch.Class]string{
		batch.Unsent:     "not sent",
		batch.Confirmed:  "done",
		batch.Rejected:   "the API said no",
		batch.Invalid:    "not a valid update; nothing was sent",
		batch.Unverified: "a reply came that cannot be trusted; look at the order, then settle it",
		batch.Unknown:    "begun, and no reply came; look at the order, then settle it",
		batch.Skipped:    "left out",
	},
	reasons: map[batch.Reason]string{
		batch.ReasonNotReached:    "not sent yet; the same command goes on",
		batch.ReasonHeld:          "waits behind line %d, which is the same order",
		batch.ReasonHeldElsewhere: "waits for an update of this order in another file to be settled",
		batch.ReasonLate:          "too late: line %d, a later change of this order, is confirmed; --again late sends it",
		batch.ReasonStale:         "the order was changed by another file since; --again stale sends it",
		batch.ReasonSuperseded:    "confirmed once, and replaced since; --again superseded sends it",
		batch.ReasonFilter:        "left out by --where",
		batch.ReasonFirst:         "left out by --first",
		batch.ReasonSettled:       "settled",
		batch.ReasonConnect:       "no connection could be made; nothing was sent",
		batch.ReasonTLS:           "the server did not prove that it is the API; nothing was sent",
		batch.ReasonStopped:       "the run was stopped first; nothing was sent",
		batch.ReasonTooMany:       "the API asked to slow down and did not take it; the same command sends it",
		batch.ReasonNoReply:       "sent, and no whole reply came in time; look at the order, then settle it",
		batch.ReasonBroken:        "sent, and the connection broke before a whole reply; look at the order, then settle it",
		batch.ReasonGarbled:       "sent, and what came back is no reply; look at the order, then settle it",
		batch.ReasonKilled:        "billmark ended before the reply came; look at the order, then settle it",
		batch.ReasonHTTP:          "the server answered, but not as the API does; look at the order, then settle it",
		batch.ReasonShape:         "the reply is not what the API is documented to answer; look at the order, then settle it",
		batch.ReasonHash:          "the reply's hash is wrong, so it may not be the API's; look at the order, then settle it",
		batch.ReasonTooLong:       "the reply is too long to be the API's; look at the order, then settle it",
	},
}

var russian = phrases{
	done:      "выполнено",
	later:     "; позже изменено на %s",
	same:      "то же изменение, что в строке %d: %s",
	apiSays:   "%s (ответ API: %s)",
	atTheDoor: "%s (код %s); изменение не выполнено",
	classes: map[batch.Class]string{
		batch.Unsent:     "не отправлено",
		batch.Confirmed:  "выполнено",
		batch.Rejected:   "API ответил отказом",
		batch.Invalid:    "ошибка в строке; ничего не отправлено",
		batch.Unverified: "пришёл ответ, которому нельзя доверять; проверьте заказ, затем billmark settle",
		batch.Unknown:    "отправка начата, ответа нет; проверьте заказ, затем billmark settle",
		batch.Skipped:    "пропущено",
	},
	reasons: map[batch.Reason]string{
		batch.ReasonNotReached:    "ещё не отправлено; повторите ту же команду",
		batch.ReasonHeld:          "ждёт строку %d того же заказа",
		batch.ReasonHeldElsewhere: "ждёт, пока не выяснено изменение этого заказа из другого файла",
		batch.ReasonLate:          "опоздало: строка %d, более позднее изменение заказа, уже выполнена; --again late отправит",
		batch.ReasonStale:         "заказ с тех пор изменён другим файлом; --again stale отправит",
		batch.ReasonSuperseded:    "было выполнено, но с тех пор заменено; --again superseded отправит",
		batch.ReasonFilter:        "пропущено по --where",
		batch.ReasonFirst:         "пропущено по --first",
		batch.ReasonSettled:       "выяснено",
		batch.ReasonConnect:       "нет соединения; ничего не отправлено",
		batch.ReasonTLS:           "сервер не доказал, что он API; ничего не отправлено",
		batch.ReasonStopped:       "запуск остановлен раньше; ничего не отправлено",
		batch.ReasonTooMany:       "API просит не спешить и не принял запрос; та же команда отправит",
		batch.ReasonNoReply:       "отправлено, но полный ответ не пришёл вовремя; проверьте заказ, затем billmark settle",
		batch.ReasonBroken:        "отправлено, но связь прервалась до полного ответа; проверьте заказ, затем billmark settle",
		batch.ReasonGarbled:       "отправлено, но пришёл не ответ; проверьте заказ, затем billmark settle",
		batch.ReasonKilled:        "billmark завершился до ответа; проверьте заказ, затем billmark settle",
		batch.ReasonHTTP:          "сервер ответил, но не так, как API; проверьте заказ, затем billmark settle",
		batch.ReasonShape:         "ответ не такой, как описано в документации API; проверьте заказ, затем billmark settle",
		batch.ReasonHash:          "хеш ответа неверен, возможно, ответил не API; проверьте заказ, затем billmark settle",
		batch.ReasonTooLong:       "ответ слишком длинный для API; проверьте заказ, затем billmark settle",
	},
}
