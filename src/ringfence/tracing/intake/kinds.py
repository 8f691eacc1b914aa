"""What kind of place a word of a file means: our names, Chinese words, usual categories of maps and check-ins."""

from __future__ import annotations

from functools import cache

from ringfence.vocabulary.places import PlaceKind

# English categories are compared in small letters, by the whole and then by how they end ("Thai Restaurant"); longer
# endings go first ("coffee shop" before "shop"). Chinese words are compared as a whole.
_WORDS: dict[PlaceKind, str] = {
    PlaceKind.HOME: (
        "home (private), residence, apartment, residential building (apartment / condo), housing development, 家, "
        "家中, 住宅, 住所, 小区, 居家, 出租房"
    ),
    PlaceKind.WORKPLACE: (
        "office, factory, coworking space, bank, post office, government building, real estate agency, "
        "administrative area level 1, financial or legal service, design studio, tech startup, 单位, 工作单位, "
        "企业, 公司, 工厂, 写字楼, 银行"
    ),
    PlaceKind.SCHOOL: (
        "school, university, college, academy, kindergarten, college academic building, student center, "
        "general college & university, college & university, library, 学校, 幼儿园, 大学, 培训机构, 补习班"
    ),
    PlaceKind.MARKET: ("market, farmers market, 市场, 农贸市场, 菜市场, 批发市场"),
    PlaceKind.SHOP: (
        "shop, store, mall, supermarket, grocery, drugstore / pharmacy, pharmacy, deli / bodega, beauty salon, "
        "salon / barbershop, gas station, gas station / garage, laundry service, tattoo parlor, spa / massage, "
        "商店, 超市, 商场, 药店, 理发店, 便利店"
    ),
    PlaceKind.RESTAURANT: (
        "restaurant, bar, cafe, café, coffee shop, donut shop, bagel shop, ice cream shop, dessert shop, "
        "cupcake shop, pizza place, sandwich place, burrito place, taco place, soup place, salad place, "
        "snack place, diner, bakery, burger joint, bbq joint, fried chicken joint, hot dog joint, wings joint, "
        "mac & cheese joint, steakhouse, breakfast spot, gastropub, brewery, beer garden, tea room, "
        "ramen / noodle house, food truck, pub, 餐馆, 餐饮, 餐厅, 饭店, 面馆, 酒吧, 咖啡馆"
    ),
    PlaceKind.HOSPITAL: ("hospital, clinic, medical center, 医院, 诊所, 卫生院, 发热门诊"),
    PlaceKind.CARE_HOME: ("nursing home, assisted living, 养老院, 敬老院, 护理院"),
    PlaceKind.VEHICLE: (
        "bus, train, subway train, taxi, ferry, plane, public transportation, moving target, light rail, 交通工具, "
        "公交, 公交车, 火车, 高铁, 动车, 航班, 飞机, 大巴, 客车, 地铁, 出租车, 网约车, 私家车, 轮渡"
    ),
    PlaceKind.HOTEL: ("hotel, motel, hostel, lodging, guest house, 酒店, 宾馆, 民宿, 旅馆"),
    PlaceKind.WORSHIP: ("church, mosque, temple, synagogue, shrine, spiritual center, 宗教场所, 教堂, 寺庙, 清真寺"),
    PlaceKind.ENTERTAINMENT: (
        "movie theater, theater, music venue, concert hall, comedy club, casino, arcade, karaoke, pc cafe, "
        "bowling alley, pool hall, nightclub, other nightlife, general entertainment, performing arts venue, "
        "museum, art gallery, aquarium, 娱乐场所, 网吧, 电影院, 棋牌室, 麻将馆, ktv, 歌厅"
    ),
    PlaceKind.GYM: ("gym, gym / fitness center, fitness center, athletic & sport, yoga studio, 健身房, 体育馆, 游泳馆"),
    PlaceKind.OUTDOORS: (
        "park, plaza, beach, garden, playground, road, bridge, other great outdoors, scenic lookout, river, "
        "campground, cemetery, trail, outdoors & recreation, harbor / marina, farm, 户外, 公园, 广场, 农地"
    ),
    PlaceKind.STATION: (
        "train station, bus station, subway, subway station, airport, rest area, metro station, 车站, 火车站, "
        "高铁站, 汽车站, 机场, 地铁站, 高速服务区"
    ),
    PlaceKind.QUARANTINE_SITE: ("隔离点, 集中隔离点, 集中隔离"),
}
_OTHER_WORDS = "other, etc, 其他, 其它"


def _plain(word: str) -> str:
    return " ".join(word.casefold().replace("_", " ").replace("-", " ").split())


@cache
def _table() -> dict[str, PlaceKind]:
    found = {_plain(word): kind for kind, words in _WORDS.items() for word in words.split(",")}
    found |= {_plain(kind.name): kind for kind in PlaceKind}
    return found | {_plain(word): PlaceKind.OTHER for word in _OTHER_WORDS.split(",")}


def known_kind(word: str) -> PlaceKind | None:
    """Return the kind of place that a word or the number of a kind means; None for a word that is not known here."""
    if word.isascii() and word.strip().isdigit():
        number = int(word)
        return PlaceKind(number) if number in PlaceKind.__members__.values() else None
    whole = _plain(word)
    table = _table()
    # "thai restaurant" ends with "restaurant"; of several endings that are known the longest comes first.
    starts = [0, *(at + 1 for at, letter in enumerate(whole) if letter == " ")]
    return next((table[whole[at:]] for at in starts if whole[at:] in table), None)
