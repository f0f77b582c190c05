package main

// inRussian holds the Russian of what is said with language.say.
var inRussian = map[string]string{
	// Outcomes.
	"confirmed": "выполнено", "rejected": "отказ", "invalid": "с ошибкой", "unsent": "не отправлено",
	"unverified": "не проверено", "unknown": "неизвестно", "skipped": "пропущено",

	// The progress line.
	"%d of %d":                         "%d из %d",
	"%d of %d updates":                 "%d из %d изменений",
	"%s left":                          "осталось %s",
	"/s":                               "/с",
	"/min":                             "/мин",
	"/h":                               "/ч",
	"waiting for its turn":             "ждёт своей очереди",
	"waiting to try again":             "ждёт повтора",
	"waiting for the network":          "ждёт сеть",
	"waiting for the reply":            "ждёт ответа",
	"waiting: the API asks for a rest": "ждёт: API просит паузу",
	"billmark: waiting for %s\n":       "billmark: ждёт (%s)\n",
	"billmark: going on\n":             "billmark: продолжает\n",

	// After an interrupt.
	"billmark: stopping: nothing more is started, what is in flight is finished; a second interrupt leaves at once, and leaves what is in flight unknown\n": "billmark: остановка: ничего нового не начинается, начатое завершается; второе прерывание завершит сразу и оставит начатое неизвестным\n",
	"billmark: left at once: what was in flight is unknown until settled; the same command goes on with the rest\n":                                         "billmark: завершено сразу: начатое неизвестно, пока не выяснено; та же команда продолжит остальное\n",
	"billmark: stopping: nothing more is started, what is in flight is finished; a second interrupt leaves at once\n":                                       "billmark: остановка: ничего нового не начинается, начатое завершается; второе прерывание завершит сразу\n",

	// The question.
	"Send %s of account %s now?":             "Отправить %s, аккаунт %s?",
	" There is a reason to look twice (%s).": " Есть причина посмотреть ещё раз (%s).",
	"\n%d of them are paid or cancel, which the service acts on at once.\nType %d, the number of updates, to send them:": "\nИз них %d - paid или cancel, сервис выполняет их сразу.\nВведите %d, число изменений, чтобы отправить:",

	// The plan.
	"Manifest    %s: %s (%s, %s)\n": "Файл        %s: %s (%s, %s)\n",
	"Columns     %s\n":              "Столбцы     %s\n",
	"Dates       %s\n":              "Даты        %s\n",
	"Account     %s at %s\n":        "Аккаунт     %s, %s\n",
	"Account     none given: nothing is known of earlier runs\n": "Аккаунт     не указан: о прежних запусках ничего не известно\n",
	"Journal     %s\n": "Журнал      %s\n",
	"Journal     %s (new: nothing is known of earlier runs)\n": "Журнал      %s (новый: о прежних запусках ничего не известно)\n",
	"To send     %s\n":           "Отправить   %s\n",
	"Faults":                     "Ошибки",
	"Warnings":                   "Предупреждения",
	"nothing":                    "нечего",
	", about %s at %s":           ", примерно %s при темпе %s",
	", less than a second at %s": ", меньше секунды при темпе %s",
	"  ... and %d more (--json lists up to %d)\n":                                   "  ... и ещё %d (--json покажет до %d)\n",
	"already confirmed: left alone":                                                 "уже выполнено: не трогаем",
	"of these were changed since by a later update: the report says to what":        "из них изменены позже другим изменением: в отчёте сказано, на что",
	"invalid: not sent, to be mended":                                               "с ошибкой: не отправляется, исправьте",
	"rejected before: left alone (--again rejected sends them)":                     "отказ в прошлый раз: не трогаем (--again rejected отправит)",
	"unknown: left alone until settled (billmark settle)":                           "неизвестно: не трогаем, пока не выяснено (billmark settle)",
	"unverified: left alone until settled (billmark settle)":                        "не проверено: не трогаем, пока не выяснено (billmark settle)",
	"held behind another row of the same order":                                     "ждут другую строку того же заказа",
	"late: a later change of the order is confirmed (--again late sends them)":      "опоздали: более позднее изменение заказа уже выполнено (--again late отправит)",
	"stale: the order was changed since by another file (--again stale sends them)": "устарели: заказ с тех пор изменён другим файлом (--again stale отправит)",
	"superseded: confirmed once, replaced since (--again superseded sends them)":    "заменены: были выполнены, с тех пор заменены (--again superseded отправит)",
	"repeat another row of this file: sent once":                                    "повторяют другую строку файла: отправляется один раз",
	"skipped by --where or --first":                                                 "пропущено по --where или --first",
	"filled cells that the row's status does not take: not sent":                    "лишние для статуса ячейки: не отправляются",
	"cells with blanks around them: trimmed":                                        "ячейки с пробелами по краям: обрезаны",

	// The end.
	"Report      %s\n": "Отчёт       %s\n",
	"To mend     %s\n": "Исправить   %s\n",
	"Next        %s\n": "Дальше      %s\n",
	"Next        when that is mended, %s goes on from there\n":                                     "Дальше      исправьте причину, затем %s продолжит с этого места\n",
	"            look at the unknown and unverified orders, then: %s\n":                            "            проверьте неизвестные и непроверенные заказы, затем: %s\n",
	"Next        %s goes on from there\n":                                                          "Дальше      %s продолжит с этого места\n",
	"Next        the report says what keeps the others from being sent\n":                          "Дальше      в отчёте сказано, что мешает отправить остальное\n",
	"Next        nothing: every row is confirmed or skipped\n":                                     "Дальше      ничего: все строки выполнены или пропущены\n",
	"Next        look at those orders, then: %s\n":                                                 "Дальше      проверьте эти заказы, затем: %s\n",
	"            %s still to be sent: %s\n":                                                        "            %s ещё не отправлено: %s\n",
	"            the API asked to slow down, %s unsent: a lower --rate helps\n":                    "            API просит не спешить, %s не отправлено: поможет --rate поменьше\n",
	"            the API asked to slow down, %s unsent: give it a while, and then half the pace\n": "            API просит не спешить, %s не отправлено: подождите немного, затем вдвое медленнее\n",
	"Next        mend %s, then: %s\n":                                                              "Дальше      исправьте %s, затем: %s\n",
}
