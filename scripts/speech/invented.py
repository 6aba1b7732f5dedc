"""Sentences that Whisper invents where nobody speaks: the last words and the credits of the subtitles it learned from.

They are also said by people, so that a text alone decides nothing: `speech.guards` asks the sound.
"""

from __future__ import annotations

import re
import unicodedata

# What subtitles and translations are called.
SUBTITLES = (
    "subtitles?|subs|captions?|closed captions?|untertitel(?:ung)?|ondertitel(?:s|ing)|sous titr(?:es|age)"
    "|subt[ií]tulos|legendas?|sottotitoli|teksting|tekstet|undertekst(?:er|ing)?|danske tekster|norske tekster|textning"
    "|undertexter|tekstitys|tekstit|suomennos|titulky|překlad|preklad|přeložil[ai]?|napisy|tłumaczenie|titlovi|prijevod|prevod"
    "|felirat(?:ok)?|fordítás|fordította|subtitrar(?:e|ea)|subtitrări|traducerea|субтитр[ыи]|перевод|переклад|превод"
    "|υπότιτλοι|υποτιτλισμόσ|απόδοση διαλόγων|altyazı(?:lar)?|çeviri|ترجمة|ترجمه|زیرنویس|תרגום|כתוביות|उपशीर्षक"
    "|phụ đề|terjemahan|sari kata|คำบรรยาย"
)
# Nobody says the names of subtitlers: one of these anywhere in a sentence is enough. Letters, digits and spaces only.
CREDITS = re.compile(
    r"amara ?org"
    rf"|^(?:{SUBTITLES})(?: \S+){{1,5}}$"  # and who made them
    r"|(?:^| )(?:subs|subtitles|captions|captioning|transcription|transcribed|translated|transcript) by "
    r"|(?:captions|captioning|captioned|subtitles) (?:provided|made possible|sponsored) by|^transcript [^ ]+ [^ ]+$"
    r"|castingwords|otter ai|untertitel(?:ung)? (?:von|des|der|im auftrag|bei)|^swr 20\d\d"
    r"|(?:sendung|video) wurde .{0,20}untertitelt|zdf.{0,20}20\d\d|ard text im auftrag|copyright (?:wdr|swr|ndr|zdf)"
    r"|sous ?titr\w* (?:par|réalisés|société|st|fr|éditorial)|sous ?titreur|radio canada"
    r"|(?:subt[ií]tulos|subtitulado|transcripción|traducción|traducido)(?: \S+)? (?:por|realizad[oa]s?|creados)"
    r"|alimmenta|legendas? (?:por|pela)|sottotitoli (?:e revisione|creati|a cura|di )|qtss"
    r"|ondertitel\w* (?:ingediend|door)|tv gelderland 20|(?:napisy|tłumaczenie) (?:stworzone|wykon|robione)"
    r"|субтитр\w+ (?:сделал|создавал|подготов|делал|добавил|создал)|редактор субтитров|корректор [а-я]|dimatorzok"
    r"|authorwave|johnyx|nicolai winther|ai media|jesper buhl|altyazı m ?k|undertekster av|svensktextning"
    r"|字幕(?:by|志愿者|由|製作|制作|提供|組|组)|李宗盛|明镜与点点|明鏡與點點|優優獨播|中文字幕"
    r"|ترجمة نانسي|자막 ?(?:제공|제작|by)|mbc 뉴스|mooji"
)
# The end of a film on a video platform, in the languages it was seen in, and what Whisper writes in place of a last
# word; `…` stands for up to six words.
ENDINGS = """
(thank you|thanks|thank ya)( so| very)?( much| a lot| a bunch)?( guys| all| everyone| everybody| folks| again| bye)*
you|thanks … for (watching|listening|viewing|joining|tuning) …
thank you … for (watching|listening|viewing|joining|tuning) …
thank(s| you) for your (attention|time|support) …|(good ?)?(bye ?)+( everyone| everybody| guys| all| now)*|goodbye
(i ll |we ll |i will )?(see|catch) (you|ya)( guys| all| everyone)*( again)?( in| on)?( the)? next …
see (you|ya)( guys| all)?( later| soon| tomorrow| then| there| around)+ …|take care …|stay tuned …|to be continued
have a (good|great|nice|wonderful|lovely|blessed) (day|night|one|weekend|evening|week|time) …|peace( out)?
good ?night …
(please )?(don t forget to |make sure to |be sure to |remember to )?(like|share|comment|follow)( \\S+){0,4} subscribe …
(please )?(don t forget to |make sure to |be sure to |remember to )(like|subscribe|hit|leave|click|smash|share|follow) …
(please )?subscribe …|(hit|click|press|smash|ring) (the|that) (bell|like|subscribe|notification) …
leave a (like|comment) …
if you (like|liked|enjoy|enjoyed|found) (this|the|my) video …|i hope you (enjoyed|liked) (this|the|my) video …
(hello|hi|hey)?( everyone| everybody| guys)? ?welcome (back )?to (my|the|our) (channel|video) …|(the )?end
we ll be right back|(the )?links? (is |are )?in the description …|let me know in the comments …
(upbeat |soft |gentle |dramatic |background )*music( playing)?|applause|laughter|silence|foreign|inaudible
((vielen|herzlichen|besten) )?dank(e)?( ?schön)?( für ?s? (das )?(zuschauen|zuhören|anschauen|zusehen) …)?
(vielen )?dank für (ihre|eure) aufmerksamkeit|bis (zum )?nächsten? (mal|video|woche) …|bis (bald|dann|später|morgen) …
tschüss …|auf wiedersehen|das war s( für heute)?|abonniert …|vergesst nicht …
lasst (gerne |uns )?ein(en)? (like|daumen|abo) …
merci( beaucoup| bien)?( à tous| à toutes)*|merci (beaucoup )?(à tous )?d ?avoir (regardé|suivi|écouté) …
merci (beaucoup )?(de|pour) (votre|ton) (attention|écoute|visionnage)|abonne(z vous| toi) …
à (bientôt|demain|plus|la prochaine) …
(n oublie(z)? pas|pensez) (de |à )?(vous |t )?(abonner|liker|mettre) …|au revoir|bonne (journée|soirée|nuit) …|bisous
on se retrouve …|c est tout pour (aujourd hui|cette vidéo)|musique( douce| de fond)?|applaudissements|rires
(muchas |muchísimas |mil )?gracias( a todos| a todas| chicos| amigos)*
(muchas )?gracias por (ver|mirar|vernos|escuchar|su|tu) …
suscr[ií]b(ete|anse|ase) …|hasta (la próxima|luego|mañana|pronto|la vista) …|nos vemos …|adiós|cha[ou]
no (olvides|olviden|te olvides|se olviden) …|dale (a |un )?like …|música( suave| de fond[oa])?|aplausos|risas|fin
(muito )?obrigad[oa]( a todos| gente| pessoal)*|(muito )?obrigad[oa] (por|pela|pelo) …|(se )?inscrev(a|am)( se)? …
até (a |à )?(próxim[oa]|logo|mais|amanhã|breve|o próximo) …|até o próximo vídeo|(tchau ?)+( gente| pessoal)?
valeu( gente| galera)?
não (se )?esque(ça|çam|cer) …|deixe? (o )?(seu |teu )?like …|um (abraço|beijo) …|beijos?|música
grazie( mille| tante)?( a tutti)?|grazie (mille )?(a tutti )?(per|di|dell) (aver|la|l|il|averci)? ?…
iscri(viti|vetevi) …
(ciao ?)+( a tutti)?|arrivederci|a presto …|alla prossima …|ci vediamo …|non dimentica(te|rti|tevi) …|musica|applausi
bedankt( allemaal)?|bedankt (voor het|om te) (kijken|luisteren) …|dank ?(je|u|jullie) ?wel …|(doei ?)+
tot (de )?(volgende|ziens|later|snel) …
abonneer …|vergeet niet …|dziękuję( bardzo)?|dzięki|dziękuję (bardzo )?za (oglądanie|uwagę|obejrzenie|wysłuchanie) …
dzięki za (oglądanie|uwagę) …|do (widzenia|zobaczenia|usłyszenia|następnego) …|(pa ?)+|subskrybuj\\w* …|muzyka|brawa
děkuj[iu]( vám| moc)*( za (pozornost|sledování|shlédnutí))?…|děkujeme …|ďakujem(e)? …|na ?shledanou|(čau ?)+|konec
hudba
tack( så mycket)?( allihopa)?|tack för (att|ert|titt) …|hej ?då|vi (ses|sees) …|prenumerera …
takk( for (meg|nå|i dag|alt))?
(tusen )?takk for (at|oppmerk) …|ha det( bra)?|abonner …|tak( for (i dag|nu|alt))?|tak (fordi|for at) …|farvel
kiitos( paljon| kaikille)?|kiitos (kun|että|katselusta) …|(hei ?)+|(moi ?)+|nähdään …|tilaa kanava …|musiikkia|musikk?
продолжение следует|(большое )?спасибо( большое| всем| вам)*|спасибо (вам )?(большое )?за (просмотр|внимание|то) …
подпи(сывай|ши)\\w* …|ставьте лайк\\w* …|увидимся …|до (новых|скорых|скорой|встречи|свидания|завтра) ?…
всем (спасибо|пока)
(пока ?)+|конец|всего доброго|(играет |звучит )?(\\S+ )?музыка|аплодисменты|смех
(дуже )?дяку(ю|ємо)( всім| вам| за перегляд| за увагу)*
дякую за (перегляд|увагу) …|підписуйтесь …|до (побачення|зустрічі) …|благодаря( ви)?( за (вниманието|гледането))?
довиждане
хвала( вам)?( на (пажњи|гледању))?|довиђења|ευχαριστ(ώ|ούμε)( πολύ)?|ευχαριστ(ώ|ούμε) (πολύ )?(που|για) …
γεια( σασ| σου)?
εγγραφείτε …|καληνύχτα|αντίο|τέλοσ|μουσική
(çok )?teşekkür(ler| ederim| ederiz)( izlediğiniz için)?|izlediğiniz için( çok)? teşekkür(ler| ederim| ederiz) …
abone ol(mayı|un|ursanız)? ?…|kanal\\w* abone …|görüş(ürüz|mek üzere) …|(bir )?sonraki (video\\w*|bölüm\\w*) …
hoşça ?kal(ın)?|müzik|alkış
hvala( vam| lijepa| puno| svima)*|hvala (vam )?(što|na) …|doviđenja|vidimo se …|glazba|muzika
(vă )?mulțum(esc|im)( mult| frumos)?|(vă )?mulțum(esc|im) (mult )?(pentru|de|că) …|la revedere|nu uita(ți)? să …
abona\\w* …
köszön(öm|jük)( szépen)?|köszön(öm|jük) (szépen )?(a|hogy) …|viszlát|sziasztok|szia|iratkozz\\w* …|zene
ご(視聴|清聴|覧|閲覧)(いただ(き|いて)|頂き)?(まして)?(本当に)?ありがとうございま(した|す)
最後まで(ご視聴|ご覧).*ありがとうございま(した|す)
(本日は|今日は|どうも)?ありがとう(ございま(した|す))?|(チャンネル登録|高評価).*
(では|それでは|じゃ)?(次|次回|また次|また)の?(動画|回|次回|来週|明日).*
(では|それでは|じゃあ?|またね|バイバイ|さようなら|おやすみ|おやすみなさい|お疲れ様でした|以上です|終わり|音楽|拍手|笑)
시청해 ?주셔서 감사합니다|(감사|고맙습)(합)?니다|시청해 ?주신 .*|(구독|좋아요).*|다음 ?(영상|시간|주)에 .*
영상편집 .*|안녕(히 (가|계)세요|하세요)?|끝|박수|음악|웃음
(谢谢|感谢|謝謝|感謝)(大家|您|你们?|你們?|各位)?(的)?(观看|收看|收听|觀看|收看|收聽|聆听|聆聽)?|请不吝点赞.*
請不吝點贊.*|(请|請)?(订阅|訂閱).*
(下期|下次|明天|我们下期|我們下期)(再见|再見|见|見)|未完待续|未完待續|(再见|再見|拜拜|掌声|掌聲|音乐|音樂|完)
(点赞|點贊|記得|记得).*
شكرً?اً?( لكم| لك| جزيل\\S*)*|شكرً?اً? (على|للمشاهدة|لمشاهدتكم|لكم على) …|شكرً?اً? للمشاهدة|اشتركوا? …|تابعونا
مع السلامة|(إلى|الى) اللقاء …|لا تنسوا? …|موسيقى
תודה( רבה)?( לכם)?|תודה (רבה )?(על|ש) ?…|להתראות|ביי|(خیلی )?ممنون …|(با )?تشکر …|خدا ?حافظ|شکریہ|موسیقی
(बहुत )?(धन्यवाद|शुक्रिया)( दोस्तों)?|.* के लिए (बहुत )?धन्यवाद|.*सब्सक्राइब (करें|करो|कर).*|नमस्(ते|कार)|अलविदा|संगीत
ধন্যবাদ|নমস্কার
(xin )?(cảm|cám) ơn( các bạn| mọi người| quý vị| bạn| rất nhiều)*
(xin )?(cảm|cám) ơn( các bạn| mọi người| quý vị| bạn)* đã …
(xin chào )?(và )?hẹn gặp lại …|tạm biệt …|hãy (subscribe|đăng ký|like|nhớ) .*
(đừng quên|nhớ) .*(đăng ký|subscribe|like).*
terima kasih( banyak| semua| semuanya)*|terima kasih (telah|sudah|kerana|karena|atas) …|sampai jumpa …|jangan lupa …
selamat tinggal|(dadah|dah)
ขอบคุณ(ที่|สำหรับการ)รับชม ?…|ขอบคุณ(มาก)?(ครับ|ค่ะ|คะ)?|สวัสดี(ครับ|ค่ะ)?|(maraming )?salamat( po)?( sa panonood)?
"""
ENDING = re.compile("|".join(re.sub(" ?…", r"(?: \\S+){0,6}", line) for line in ENDINGS.split("\n") if line))
# What may stand before, between or after them, and says nothing.
FILLER = (
    "okay|ok|so|and|well|alright|all right|yeah|yes|oh|uh|um|hm+|mm+|ah|hello|hi|hey|anyway|now|und|also|na|ja|gut|et"
    "|bon|alors|voilà|oui|y|bueno|pues|entonces|sí|e|então|bom|sim|allora|bene|sì|dus|en|nou|no|więc|och|og|да|ну|итак"
    "|и|так|ага|ve|evet|はい|では|ええ|네|예|嗯|好|好的|那|好了"
)
FILLING = re.compile(rf"^(?:(?:{FILLER}) )+")
# Sentences end here; `。` and its like need no space after it, a dot does (amara.org).
SENTENCE_END = re.compile(r"(?<=[.!?…])\s+|[。！？\n]+")
# Sounds between brackets or asterisks, and notes; words between notes are sung.
SOUND = re.compile(r"\[[^\[\]]*\]|\([^()]*\)|（[^（）]*）|【[^【】]*】|\*[^*]+\*|[♩-♯🎵🎶🎼]+")


def letters(text: str) -> str:
    """A text as it is compared: lower case, letters and digits in words with single spaces."""
    text = unicodedata.normalize("NFKC", text).casefold().replace("i\u0307", "i")  # of the Turkish capital İ
    kept = (character if unicodedata.category(character)[0] in "LMN" else " " for character in text)
    return " ".join("".join(kept).split())


def is_well_known(text: str) -> bool:
    """Whether a text has nothing but sentences that Whisper is known to invent, or a credit of subtitles in it."""
    if names_a_sound(text):
        return True
    sentences = [part for part in SENTENCE_END.split(SOUND.sub(" ", text)) if letters(part)]
    if any(CREDITS.search(letters(sentence)) for sentence in sentences):
        return True
    said = [sentence for sentence in sentences if not _is_filler(sentence)]
    return bool(said) and all(map(_is_ending, said))


def names_a_sound(text: str) -> bool:
    """Whether a text says only that there is a sound ([Music], ♪), which nobody says."""
    return bool(SOUND.search(text)) and not letters(SOUND.sub(" ", text))


def _is_filler(sentence: str) -> bool:
    return bool(FILLING.fullmatch(f"{letters(sentence)} "))


def _is_ending(sentence: str) -> bool:
    words = letters(sentence)
    if ENDING.fullmatch(words) or ENDING.fullmatch(FILLING.sub("", words)):
        return True
    parts = [part for part in re.split("[,;、，]", sentence) if letters(part) and not _is_filler(part)]
    return len(parts) > 1 and all(map(_is_ending, parts))
