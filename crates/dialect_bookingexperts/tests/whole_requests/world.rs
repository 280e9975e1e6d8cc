//! One of everything, in the first of a house's administrations.

use domain::{
    contact::Contact,
    id::Id,
    money::Currency,
    text::{Locale, Localized},
};
use jiff::civil::{Date, date};
use rust_decimal::Decimal;
use service::{
    content::{
        AddOnDetails, Amenity, AmenityAnswer, AmenityDetails, AmenityGroup, AmenityKind,
        AmenityOption, ApplicationCommand, Campaign, CampaignDetails, CancellationRule,
        CancellationRuleDetails, Channel, ChannelDetails, City, CommandDetails, Cost, Coupon,
        DiscountCard, ExtraItem, Image, ImageDetails, Label, LabelDetails, Medium, MessageTemplate,
        MessageTemplateDetails, NamedDetails, Package, PaymentMethod, PaymentMethodDetails,
        PeriodicCost, PriceList, PriceListDetails, Region, Segment, VoucherDetails,
    },
    customers::{Contractor, Customer, Order, Owner, PersonDetails},
    inventory::{ResourceDetailsPatch, Unit},
    kept::{
        Agreement, AgreementDetails, Amount, BlockKind, Invoice, InvoiceDetails, Payment,
        PaymentDetails, PaymentRequest, PaymentRequestDetails, PaymentResult, PaymentResultDetails,
        Review, ReviewDetails, Todo, TodoDetails,
    },
    links::{
        AmenityValue, BookedPackage, InCity, InRegion, InSegment, Labelled, LimitedTo, SoldIn,
    },
    properties::{PropertyWrite, RoomPatch, RoomWrite},
    records::{
        Direction, Field, Linking, NewBlock, NewMessage, NewPrice, Query, Test, Write, create, put,
    },
    sale::{Guest, LineDetails, LineItem, Registration},
};

use crate::house::{House, stay};

/// What was made, by what it is.
pub struct World {
    pub park: Id,
    pub room: Id,
    pub channel: Id,
    pub price_list: Id,
    pub booking: Id,
    pub customer: Id,
    pub unit: Id,
    /// A discount campaign, which the booking has got the discount of.
    pub campaign: Id,
    /// A discount card and a coupon, which have taken something off it.
    pub vouchers: [Id; 2],
    /// The channel's slug.
    pub site: &'static str,
}

/// Rows of this administration.
macro_rules! here {
    ($park:expr, $kind:ident, $id:expr, $details:expr) => {{
        let mut row = $kind::new($id, $details);
        row.organization_id = Some($park);
        create(row)
    }};
}

/// The first day of the stay.
pub const ARRIVAL: Date = date(2027, 5, 7);

fn words(english: &str, german: &str) -> Localized {
    let mut words = Localized::of(Locale::english(), english);
    words.set("de".parse().unwrap(), Some(german.into()));
    words
}

fn named(english: &str, german: &str) -> NamedDetails {
    NamedDetails {
        name: words(english, german),
        ..NamedDetails::default()
    }
}

fn voucher(code: &str) -> VoucherDetails {
    VoucherDetails {
        name: words("Regulars", "Stammgäste"),
        code: code.into(),
        ..VoucherDetails::default()
    }
}

fn person(first_name: &str) -> PersonDetails {
    PersonDetails {
        contact: Contact {
            first_name: first_name.into(),
            last_name: "Vos".into(),
            email: format!("{}@example.org", first_name.to_lowercase()),
            phone: "+31 20 1234567".into(),
            ..Contact::default()
        },
        ..PersonDetails::default()
    }
}

fn euros(cents: i64) -> Amount {
    Amount {
        value: Decimal::new(cents, 2),
        currency: Currency::EUR,
    }
}

impl World {
    /// Makes one of everything in the first administration.
    pub async fn new(house: &House) -> Self {
        Self::at(house, 0).await
    }

    /// Makes one of everything in one of the administrations.
    pub async fn at(house: &House, number: usize) -> Self {
        let (park, room) = house.parks[number];
        let units = units(house, room).await;
        let id = || house.service.new_id(&house.actor);
        let (channel, price_list, customer) = (id(), id(), id());
        let mut world = Self {
            site: ["site", "south"][number],
            park,
            room,
            channel,
            price_list,
            booking: id(),
            customer,
            unit: units[0],
            campaign: id(),
            vouchers: [id(), id()],
        };
        world.content(house).await;
        world.people(house).await;
        world.booked(house).await;
        world.around(house).await;
        world
    }

    async fn content(&self, house: &House) {
        let id = || house.service.new_id(&house.actor);
        let (group, amenity, option, segment) = (id(), id(), id(), id());
        let (region, city) = (id(), id());
        let seen = ImageDetails {
            url: "https://park.example/lodge.jpg".into(),
            caption: words("The lodge", "Die Hütte"),
            ..ImageDetails::default()
        };
        let mut image = Image::new(id(), seen);
        (image.organization_id, image.parent_id) = (Some(self.park), Some(self.room));
        let mut town = City::new(city, named("Haven", "Hafen"));
        town.parent_id = Some(region);
        let mut choice = Amenity::new(
            amenity,
            AmenityDetails {
                name: words("View", "Aussicht"),
                kind: AmenityKind::Choice,
                meaning: "view".into(),
                ..AmenityDetails::default()
            },
        );
        choice.parent_id = Some(group);
        let mut dunes = AmenityOption::new(option, named("Dunes", "Dünen"));
        dunes.parent_id = Some(amenity);
        let mut writes = vec![
            create(AmenityGroup::new(group, named("Around", "Umgebung"))),
            create(choice),
            create(dunes),
            create(Segment::new(segment, named("Lodges", "Lodges"))),
            Linking::plain("resource", self.room, [segment]).write::<InSegment>(),
            create(Region::new(region, named("Coast", "Küste"))),
            create(town),
            create(image),
            Linking::plain("organization", self.park, [region]).write::<InRegion>(),
            Linking::plain("organization", self.park, [city]).write::<InCity>(),
        ];
        for (subject, from) in [
            ("organization", self.park),
            ("resource", self.room),
            ("unit", self.unit),
        ] {
            writes.push(self.answer(subject, from, amenity, option));
        }
        let label = id();
        let details = LabelDetails {
            name: "Sea view".into(),
            ..LabelDetails::default()
        };
        writes.push(create(Label::new(label, details)));
        writes.push(Linking::plain("unit", self.unit, [label]).write::<Labelled>());
        writes.extend(self.selling(house));
        house.write(writes).await;
        let details = ResourceDetailsPatch {
            names: Some(words("Lodge", "Hütte")),
            price_list_id: Some(Some(self.price_list)),
            max_people: Some(Some(6)),
            ..ResourceDetailsPatch::default()
        };
        let patch = RoomPatch {
            details,
            ..RoomPatch::default()
        };
        let room = RoomWrite {
            id: Some(self.room),
            patch,
            ..RoomWrite::default()
        };
        let write = PropertyWrite {
            id: Some(self.park),
            rooms: vec![room],
            ..PropertyWrite::default()
        };
        let properties = house.service.properties();
        let written = properties.write(&house.actor, vec![write]).await;
        written.unwrap().remove(0).unwrap();
    }

    fn answer(&self, subject: &'static str, from_id: Id, amenity: Id, option: Id) -> Write {
        let mut linking = Linking::plain(subject, from_id, [amenity]);
        linking.to[0].1.answer = Some(AmenityAnswer::Option(option));
        linking.write::<AmenityValue>()
    }

    fn selling(&self, house: &House) -> Vec<Write> {
        let id = || house.service.new_id(&house.actor);
        let mut channel = Channel::new(
            self.channel,
            ChannelDetails {
                name: "Site".into(),
                slug: self.site.into(),
                ..ChannelDetails::default()
            },
        );
        channel.organization_id = Some(self.park);
        let mut list = PriceList::new(
            self.price_list,
            PriceListDetails {
                name: "Summer".into(),
                ..PriceListDetails::default()
            },
        );
        list.organization_id = Some(self.park);
        let price = |nights, minor| NewPrice {
            day: ARRIVAL,
            nights,
            minor,
            active: true,
        };
        let add_on = |english: &str| AddOnDetails {
            name: words(english, english),
            ..AddOnDetails::default()
        };
        let campaign = CampaignDetails {
            name: words("Early birds", "Frühbucher"),
            limited: true,
            ..CampaignDetails::default()
        };
        let command = CommandDetails {
            identifier: "keys".into(),
            name: words("Keys", "Schlüssel"),
            context: "reservation".into(),
            method: "post".into(),
            target_url: "https://app.example/keys".into(),
            ..CommandDetails::default()
        };
        vec![
            create(channel),
            Linking::plain("channel", self.channel, [self.room]).write::<SoldIn>(),
            create(list),
            Write::prices(self.price_list, vec![price(0, 9_900), price(7, 60_000)]),
            here!(self.park, Campaign, self.campaign, campaign),
            here!(
                self.park,
                DiscountCard,
                self.vouchers[0],
                voucher("guest-7")
            ),
            here!(self.park, Coupon, self.vouchers[1], voucher("spring")),
            Linking::plain("campaign", self.campaign, [self.room]).write::<LimitedTo>(),
            here!(self.park, Cost, id(), add_on("Tourist tax")),
            here!(self.park, PeriodicCost, id(), add_on("Heating")),
            create(ApplicationCommand::new(id(), command)),
        ]
    }

    async fn people(&mut self, house: &House) {
        let id = || house.service.new_id(&house.actor);
        let owner = id();
        let mut agreement = Agreement::new(
            id(),
            self.park,
            AgreementDetails {
                name: "Let".into(),
                owner_id: Some(owner),
                ..AgreementDetails::default()
            },
        );
        agreement.parent_id = Some(self.unit);
        agreement.on_day = Some(date(2026, 1, 1));
        let (extra, package, rule) = (id(), id(), id());
        let add_on = |english: &str| AddOnDetails {
            name: words(english, english),
            ..AddOnDetails::default()
        };
        let steps = CancellationRuleDetails {
            name: words("Flexible", "Flexibel"),
            ..CancellationRuleDetails::default()
        };
        let writes = vec![
            create(Customer::new(self.customer, person("Ada"))),
            create(Owner::new(owner, person("Ole"))),
            create(Contractor::new(id(), person("Cor"))),
            create(agreement),
            here!(self.park, ExtraItem, extra, add_on("Breakfast")),
            here!(self.park, Package, package, add_on("Romance")),
            here!(self.park, CancellationRule, rule, steps),
        ];
        house.write(writes).await;
        let line = |item, product_id, description: &str| LineDetails {
            item,
            product_id,
            description: description.into(),
            quantity: 2,
            amount: Decimal::from(9),
            ..LineDetails::default()
        };
        let off = |voucher| LineDetails {
            amount: Decimal::ZERO,
            ..line(LineItem::Card, Some(voucher), "Card")
        };
        let mut new = stay(self.room, ARRIVAL, date(2027, 5, 14));
        new.channel = self.site.into();
        new.external_reference = "R-1".into();
        new.lines = vec![
            line(LineItem::Main, None, "Lodge"),
            line(LineItem::Extra, Some(extra), "Breakfast"),
            LineDetails {
                amount: Decimal::ZERO,
                ..line(LineItem::Discount, Some(self.campaign), "Early birds")
            },
            off(self.vouchers[0]),
            off(self.vouchers[1]),
        ];
        self.booking = house.book(new).await;
        let mut order = Order::new(self.booking, self.park);
        order.reference = "B-1".into();
        order.customer_id = Some(self.customer);
        order.channel_id = Some(self.channel);
        order.owner_id = Some(owner);
        order.details.cancellation_rule_id = Some(rule);
        let packages = [package, self.second_package(house).await];
        let writes = vec![
            put(order, |_| Ok(())),
            Linking::plain("booking", self.booking, packages).write::<BookedPackage>(),
        ];
        house.write(writes).await;
    }

    async fn second_package(&self, house: &House) -> Id {
        let details = AddOnDetails {
            name: words("Sauna", "Sauna"),
            ..AddOnDetails::default()
        };
        let id = house.service.new_id(&house.actor);
        house
            .write(vec![here!(self.park, Package, id, details)])
            .await;
        id
    }

    async fn booked(&self, house: &House) {
        let id = || house.service.new_id(&house.actor);
        let guest = Guest {
            tenant_id: house.tenant_id,
            id: id(),
            booking_id: self.booking,
            created_at: house.clock.now(),
            contact: person("Bo").contact,
            note: String::new(),
            registration: Registration {
                document_number: "X1".into(),
                born_on: Some(date(1990, 2, 28)),
                ..Registration::default()
            },
            extra: Default::default(),
        };
        let block = NewBlock {
            unit_id: self.unit,
            kind: BlockKind::Maintenance,
            from: date(2027, 8, 1),
            until: date(2027, 8, 3),
            label: "Paint".into(),
            extra: Default::default(),
        };
        let elsewhere = NewBlock {
            kind: BlockKind::External,
            from: date(2027, 8, 5),
            until: date(2027, 8, 7),
            ..block.clone()
        };
        let (_, block) = house.service.block(&house.actor, block);
        let (_, elsewhere) = house.service.block(&house.actor, elsewhere);
        let mut query = Query::<Amenity>::new();
        query = query.by(Field::new("id"), Direction::Ascending);
        let reading = house.service.reading(&house.actor).await.unwrap();
        let first = service::PageOf::first(1);
        let amenity = reading.page(&query, first).await.unwrap().rows[0].id;
        let parent = Field::<AmenityOption>::new("parent_id");
        let options = reading.of::<AmenityOption>(parent, &[amenity]).await;
        let option = options.unwrap()[0].id;
        let labels = reading.page(&Query::<Label>::new(), first).await.unwrap();
        drop(reading);
        house
            .write(vec![
                create(guest),
                block,
                elsewhere,
                self.answer("booking", self.booking, amenity, option),
                Linking::plain("booking", self.booking, [labels.rows[0].id]).write::<Labelled>(),
            ])
            .await;
    }

    async fn around(&self, house: &House) {
        let id = || house.service.new_id(&house.actor);
        let (invoice_id, method, request_id) = (id(), id(), id());
        let mut invoice = Invoice::new(
            invoice_id,
            self.park,
            InvoiceDetails {
                total: euros(1_800),
                customer_id: Some(self.customer),
                ..InvoiceDetails::default()
            },
        );
        (invoice.subject_id, invoice.on_day) = (Some(self.booking), Some(ARRIVAL));
        let mut payment = Payment::new(
            id(),
            self.park,
            PaymentDetails {
                amount: euros(500),
                method_id: Some(method),
                ..PaymentDetails::default()
            },
        );
        (payment.parent_id, payment.on_day) = (Some(invoice_id), Some(ARRIVAL));
        let mut request = PaymentRequest::new(
            request_id,
            self.park,
            PaymentRequestDetails {
                amount: euros(1_300),
                method_id: Some(method),
                ..PaymentRequestDetails::default()
            },
        );
        (request.parent_id, request.subject_id) = (Some(invoice_id), Some(self.booking));
        let details = PaymentResultDetails::default();
        let mut result = PaymentResult::new(id(), self.park, details);
        result.parent_id = Some(request_id);
        (result.state, result.reference) = ("pending".into(), "T-1".into());
        let work = TodoDetails {
            title: "Paint".into(),
            unit_id: Some(self.unit),
            ..TodoDetails::default()
        };
        let mut todo = Todo::new(id(), self.park, work);
        (todo.subject_id, todo.on_day) = (Some(self.booking), Some(ARRIVAL));
        todo.state = "open".into();
        let opinion = ReviewDetails {
            score: Decimal::from(8),
            resource_id: Some(self.room),
            ..ReviewDetails::default()
        };
        let mut review = Review::new(id(), self.park, opinion);
        (review.subject_id, review.parent_id) = (Some(self.booking), Some(self.room));
        let words_of = |medium| MessageTemplateDetails {
            name: words("Key", "Schlüssel"),
            subject: words("Your key", "Ihr Schlüssel"),
            body: words(
                "Hello {{ guest.last_name }}",
                "Guten Tag {{ guest.last_name }}",
            ),
            medium,
            ..MessageTemplateDetails::default()
        };
        let (outside, inside) = (id(), id());
        let told = |template_id| {
            let new = NewMessage {
                template_id,
                booking_id: self.booking,
                organization_id: None,
                recipient: Some("ada@example.org".into()),
                language: None,
                variables: Default::default(),
            };
            house.service.message(&house.actor, new).1
        };
        let details = PaymentMethodDetails {
            name: words("Card", "Karte"),
            ..PaymentMethodDetails::default()
        };
        house
            .write(vec![
                Write::invoice(invoice),
                here!(self.park, PaymentMethod, method, details),
                Write::payment(payment),
                create(request),
                Write::payment_result(result, ARRIVAL),
                create(todo),
                create(review),
                here!(self.park, MessageTemplate, outside, words_of(Medium::Email)),
                here!(
                    self.park,
                    MessageTemplate,
                    inside,
                    words_of(Medium::Internal)
                ),
                told(outside),
                told(inside),
            ])
            .await;
    }

    /// A path of the table with this world's ids in it.
    pub fn path(&self, pattern: &str) -> String {
        [
            ("administration_id", self.park),
            ("channel_id", self.channel),
            ("master_price_list_id", self.price_list),
            ("rentable_type_id", self.room),
            ("category_id", self.room),
            ("reservation_id", self.booking),
        ]
        .iter()
        .fold(pattern.to_owned(), |path, (name, id)| {
            path.replace(&format!("{{{name}}}"), &id.to_string())
        })
    }
}

/// The units of a rentable type, by number.
pub async fn units(house: &House, room: Id) -> Vec<Id> {
    let reading = house.service.reading(&house.actor).await.unwrap();
    let query = Query::<Unit>::new()
        .meets(Test::is(Field::new("resource_id"), room))
        .by(Field::new("number"), Direction::Ascending);
    let page = reading.page(&query, service::PageOf::first(99)).await;
    page.unwrap().rows.iter().map(|unit| unit.id).collect()
}
